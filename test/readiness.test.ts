import test from 'ava';
import { readiness } from '../src/readiness.ts';

const parts = {
  engines: () => ({ postgres: 'up', eventlog: 'up' }) as const,
  leaseHeld: () => true,
  clockOffMs: () => 0,
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
  t.regex(readiness({ ...parts, clockOffMs: () => 86_400_000 }).gate() ?? '', /clock/);
  t.is(readiness({ ...parts, clockOffMs: () => 900 }).gate(), null);
});
