import test from 'ava';
import { leaseMs, leaseState, renewEveryMs } from '../../../src/adapters/postgres/lease-state.ts';

function clocked() {
  let at = 1_000_000;
  const lease = leaseState(() => at);
  const pass = (ms: number) => {
    at += ms;
  };
  const renewFor = (ms: number) => {
    for (let passed = 0; passed <= ms; passed += renewEveryMs) {
      if (passed > 0) pass(renewEveryMs);
      lease.renewed(at);
    }
  };
  return { lease, pass, renewFor, now: () => at };
}

test('a lease is not held before Postgres confirmed it', (t) => {
  const { lease } = clocked();
  t.false(lease.held());
  t.is(lease.steadyForMs(), 0);
});

test('a lease is held for ten seconds from when its renewal was asked for', (t) => {
  const { lease, pass, now } = clocked();
  const asked = now();
  pass(1_500);
  lease.renewed(asked);
  pass(leaseMs - 1_501);
  t.true(lease.held());
  pass(1);
  t.false(lease.held());
});

test('a lost lease is held again as soon as it is renewed, and steady from then on', (t) => {
  const { lease, pass, renewFor } = clocked();
  renewFor(leaseMs);
  pass(leaseMs);
  t.false(lease.held());
  renewFor(0);
  t.true(lease.held());
  t.is(lease.steadyForMs(), 0);
});

test('a lease is steady after a whole term of renewals', (t) => {
  const { lease, renewFor } = clocked();
  renewFor(leaseMs - renewEveryMs);
  t.true(lease.steadyForMs() < leaseMs);
  const whole = clocked();
  whole.renewFor(leaseMs);
  t.is(whole.lease.steadyForMs(), leaseMs);
});

test('a break starts the term again, though the lease itself is still held', (t) => {
  const { lease, renewFor } = clocked();
  renewFor(leaseMs);
  lease.broke();
  t.true(lease.held());
  t.is(lease.steadyForMs(), 0);
  renewFor(leaseMs - renewEveryMs);
  t.true(lease.steadyForMs() < leaseMs);
});

test('while an answer is overdue nothing counts as steady', (t) => {
  const { lease, pass, renewFor } = clocked();
  renewFor(leaseMs);
  pass(5_001);
  t.is(lease.steadyForMs(), 0);
  t.true(lease.held());
});

test('renewals that are far apart are a break, whatever they say', (t) => {
  const { lease, pass, renewFor } = clocked();
  renewFor(leaseMs);
  pass(5_001);
  renewFor(0);
  t.is(lease.steadyForMs(), 0);
});
