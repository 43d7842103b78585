import test from 'ava';
import { nobodyFor } from '../../../src/adapters/llm/nobody-answers.ts';
import { sandboxUpstream } from '../../../src/adapters/llm/sandbox.ts';
import type { RoutedCall } from '../../../src/domain/route/conditions.ts';
import type { Candidate } from '../../../src/domain/route/events.ts';

const open = sandboxUpstream();
const who = {
  upstreams: new Map([[open.id, open]]),
  isSetUp: (id: string) => id === open.id || id === 'opening',
};
const noon: RoutedCall = {
  ...{ inputTokens: 10, outputTokens: 10, at: new Date('2026-05-05T12:00:00Z') },
};
const candidate = (upstream: string, conditions?: Candidate['conditions']): Candidate => ({
  ...{ upstream, model: 'm', weight: 1 },
  ...(conditions ? { conditions } : {}),
});
const batch = { scenarios: ['batch'] };
const night = { hours: { from: '22:00', to: '06:00', timeZone: 'UTC' } };
const codeFor = (candidates: readonly Candidate[], call?: RoutedCall) =>
  nobodyFor(candidates, who, call).code;

test('who is being opened may answer in a moment', (t) => {
  t.is(codeFor([candidate('off'), candidate('opening')]), 'model_opening');
  t.is(codeFor([candidate(open.id, batch), candidate('opening')], noon), 'model_opening');
});

test('who is off, or there at other hours, may answer another day', (t) => {
  t.is(codeFor([candidate('off')]), 'model_unavailable');
  t.is(codeFor([candidate(open.id, batch), candidate('off')], noon), 'model_unavailable');
  t.is(codeFor([candidate(open.id, night)], noon), 'model_unavailable');
});

test('who is for other calls never answers', (t) => {
  t.is(codeFor([candidate(open.id, batch)], noon), 'model_not_routed');
  t.is(codeFor([candidate(open.id, batch), candidate('off', batch)], noon), 'model_not_routed');
  t.is(codeFor([candidate(open.id, { ...batch, ...night })], noon), 'model_not_routed');
});

test('who isn’t open is off, where nobody knows better', (t) => {
  const { upstreams } = who;
  t.is(nobodyFor([candidate('opening')], { upstreams }).code, 'model_unavailable');
});
