import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { upstreamProbes } from '../../../src/adapters/llm/upstream-probes.ts';
import type { UpstreamWatch } from '../../../src/adapters/llm/upstream-watch.ts';
import { upstreamWatch } from '../../../src/adapters/llm/upstream-watch.ts';
import { eventually } from '../../support/eventually.ts';

const down = new CallFault('upstream_failed', 'Down.', { retryable: true });
const candidate = { upstream: 'one', model: 'm' };

/** An upstream that fails until it is mended, watched and probed. */
function probed(t: { teardown(end: () => Promise<void>): void }, { canBeProbed = true } = {}) {
  const state = { isDown: true, probes: 0, calls: 0 };
  const probe = () => {
    state.probes += 1;
    return state.isDown ? Promise.reject(down) : Promise.resolve();
  };
  const probes = upstreamProbes({
    probeOf: () => (canBeProbed ? probe : undefined),
    watch: () => watch,
    everyMs: 5,
  });
  t.teardown(probes.close);
  const watch: UpstreamWatch = upstreamWatch({
    nowMs: () => performance.now(),
    capacityOf: () => null,
    circuitOpenMs: 5,
    isProbed: probes.isProbed,
    circuitChanged: probes.circuitChanged,
    log: { warn: () => undefined, info: () => undefined },
  });
  const call = () => {
    state.calls += 1;
    const { signal } = new AbortController();
    const answer = () =>
      state.isDown ? Promise.reject(down) : Promise.resolve({ stream: false, body: {} } as const);
    return watch.ask(candidate, answer, signal).catch(() => undefined);
  };
  const fail = async () => {
    for (let n = 0; n < 6; n += 1) await call();
  };
  return { state, probes, watch, fail, absence: () => watch.observe(candidate).absence };
}

test('an upstream that is mended comes back without a call', async (t) => {
  const { state, watch, fail, absence } = probed(t);
  await fail();
  t.is(absence(), 'circuit_open');
  t.true(watch.state('one').fails);
  const { calls } = state;
  await eventually(() => state.probes > 1);
  state.isDown = false;
  await eventually(() => absence() === undefined);
  t.false(watch.state('one').fails);
  t.is(state.calls, calls);
});

test('one that answers no probe is left to a call from time to time', async (t) => {
  const { state, probes, fail } = probed(t);
  await fail();
  t.true(probes.isProbed('one'));
  await eventually(() => !probes.isProbed('one'));
  t.true(state.probes >= 4);
  await eventually(() => probes.isProbed('one'));
});

test('one that can’t be probed is left to calls', async (t) => {
  const { probes, fail, state } = probed(t, { canBeProbed: false });
  await fail();
  await eventually(() => !probes.isProbed('one'));
  t.is(state.probes, 0);
});

test('another upstream in its place begins anew, and the calls in flight still count', async (t) => {
  const { watch, fail, absence } = probed(t);
  await fail();
  t.is(absence(), 'circuit_open');
  const never = new Promise<never>(() => undefined);
  void watch.ask(candidate, () => never, new AbortController().signal);
  watch.renew('one');
  t.like(watch.observe(candidate), { absence: undefined, errorRate: 0, inFlight: 1 });
});
