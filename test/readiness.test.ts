import test from 'ava';
import { readiness } from '../src/readiness.ts';

const parts = {
  engines: () => ({ postgres: 'up', eventlog: 'up' }) as const,
  lease: { held: () => true, unbroken: () => true, clockOffMs: () => 0 },
  log: () => ({ ok: true }),
  indexes: [],
  stopping: () => false,
};

test('with all its parts well a process takes calls', (t) => {
  const { gate, now } = readiness(parts);
  t.is(gate(), null);
  t.deepEqual(now().reasons, []);
});

test('a process whose clock is off takes no call: what it writes would move everybody’s time', (t) => {
  const { gate, now } = readiness({
    ...parts,
    lease: { ...parts.lease, clockOffMs: () => 86_400_000 },
  });
  t.is(gate(), 'clock_off');
  t.deepEqual(now().reasons, ['This clock is 86400000 ms off.']);
  t.is(readiness({ ...parts, lease: { ...parts.lease, clockOffMs: () => 900 } }).gate(), null);
});

test('a PostgreSQL that is seen to be away closes the gate before the lease lapses', (t) => {
  const lease = { ...parts.lease, unbroken: () => false };
  t.is(readiness({ ...parts, lease }).gate(), 'postgres_away');
});
