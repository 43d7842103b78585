import test from 'ava';
import { retryAfterMs } from '../../../src/adapters/llm/retry-after.ts';

const date = 'Fri, 02 Jan 2026 15:00:00 GMT';

for (const [ms, headers] of [
  [undefined, {}],
  [2_000, { 'retry-after': '2' }],
  [1_500, { 'retry-after': '1.5' }],
  [0, { 'retry-after': '0' }],
  [300_000, { 'retry-after': '86400' }],
  [300_000, { 'retry-after-ms': '1e999' }],
  [250, { 'retry-after-ms': '250', 'retry-after': '9' }],
  [90_000, { 'retry-after': 'Fri, 02 Jan 2026 15:01:30 GMT', date }],
  [undefined, { 'retry-after': 'Fri, 02 Jan 2026 14:59:00 GMT', date }],
  [undefined, { 'retry-after': 'Fri, 02 Jan 2026 15:01:30 GMT' }],
  [undefined, { 'retry-after': 'soon', date }],
  [undefined, { 'retry-after': '-1' }],
  [undefined, { 'retry-after': ['1', '2'] }],
] as const) {
  test(`${JSON.stringify(headers)} asks to wait ${ms} ms`, (t) => {
    const mutable = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : [...value],
      ]),
    );
    t.is(retryAfterMs(mutable), ms);
  });
}
