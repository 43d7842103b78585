import test from 'ava';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { ChangeUpstream } from '../../../src/domain/upstream/decider.ts';
import { upstream } from '../../../src/domain/upstream/decider.ts';
import type { UpstreamTerms } from '../../../src/domain/upstream/events.ts';

const key = { keyId: '0f0e6a9e-6a3c-4d0b-9f47-2f0b1f0c5b11', fingerprint: '0123456789ab' };
const other = { keyId: '5c1b5a52-37d0-4a43-8c7e-8c5d1d4f1a22', fingerprint: 'ba9876543210' };
const change = (more: Partial<ChangeUpstream> = {}): ChangeUpstream => ({
  type: 'ChangeUpstream',
  ...{ id: 'one', kind: 'openai', baseUrl: 'https://api.example.com/v1' },
  ...{ capacity: null, enabled: true },
  ...more,
});
const having = (): { readonly terms: UpstreamTerms } => ({
  terms: {
    ...{ kind: 'openai', baseUrl: 'https://api.example.com/v1', capacity: null, enabled: true },
    keys: [key],
  },
});
const refused = (command: ChangeUpstream, state: Parameters<typeof upstream.decide>[1]) => {
  try {
    return upstream.decide(command, state).length;
  } catch (error) {
    return error instanceof Rejection ? [error.code, error.why] : error;
  }
};

test('an upstream is what its newest change says', (t) => {
  const [event] = upstream.decide(change({ keys: [key], capacity: 5 }), upstream.initialState);
  t.is(event?.type, 'UpstreamChanged');
  if (!event) return;
  const { terms } = upstream.evolve(upstream.initialState, event);
  t.like(terms, { kind: 'openai', capacity: 5, enabled: true, keys: [key] });
});

test('a change without keys keeps those that there are, a change with keys replaces them', (t) => {
  const [kept] = upstream.decide(change({ capacity: 9 }), having());
  t.like(kept, { type: 'UpstreamChanged', data: { keys: [key] } });
  const [replaced] = upstream.decide(change({ keys: [other] }), having());
  t.like(replaced, { type: 'UpstreamChanged', data: { keys: [other] } });
});

test('an upstream is removed once, and set up again needs a key', (t) => {
  const removal = { type: 'RemoveUpstream', id: 'one' } as const;
  const [event] = upstream.decide(removal, having());
  t.deepEqual(event, { type: 'UpstreamRemoved', data: { id: 'one' } });
  if (!event) return;
  const removed = upstream.evolve(having(), event);
  t.deepEqual(upstream.decide(removal, removed), []);
  t.deepEqual(upstream.decide(removal, upstream.initialState), []);
  t.deepEqual(refused(change(), removed), ['upstream_key_required', undefined]);
  t.is(refused(change({ keys: [other] }), removed), 1);
});

test('changing an upstream to what it is changes nothing', (t) => {
  t.deepEqual(upstream.decide(change(), having()), []);
  t.deepEqual(upstream.decide(change({ keys: [key] }), having()), []);
  t.is(upstream.decide(change({ enabled: false }), having()).length, 1);
});

test('a provider without a key is refused, a server of one’s own is not', (t) => {
  t.deepEqual(refused(change(), upstream.initialState), ['upstream_key_required', undefined]);
  t.deepEqual(refused(change({ keys: [] }), having()), ['upstream_key_required', undefined]);
  t.is(refused(change({ kind: 'openai_like' }), upstream.initialState), 1);
});

test('a key goes to no other server than it was given for', (t) => {
  const moved = change({ baseUrl: 'https://elsewhere.example.com/v1' });
  t.deepEqual(refused(moved, having()), ['upstream_key_required', 'key_of_other_server']);
  t.is(refused({ ...moved, keys: [other] }, having()), 1);
  t.is(refused(change({ baseUrl: 'https://api.example.com/v2' }), having()), 1);
});
