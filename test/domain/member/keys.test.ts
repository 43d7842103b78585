import test from 'ava';
import fc from 'fast-check';
import { nameId } from '../../../src/domain/ids.ts';
import type { MemberCommand } from '../../../src/domain/member/decider.ts';
import { member } from '../../../src/domain/member/decider.ts';
import type { MemberEvent } from '../../../src/domain/member/events.ts';
import { newKeysADay } from '../../../src/domain/member/keys.ts';
import { everything } from '../../../src/domain/permits.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { fold, given } from '../../support/given.ts';

const memberId = nameId('ann');
const walletId = nameId('wallet');
const noon = '2026-01-01T12:00:00.000Z';
const tomorrow = '2026-01-02T00:00:00.000Z';
const registered = {
  type: 'MemberRegistered',
  data: { memberId, walletId, emailHash: 'b'.repeat(64), sealed: 'sealed' },
} as const;
const keyOf = (name: string, at = noon) => ({
  ...{ keyId: nameId(name), hash: 'a'.repeat(64), walletId, name, prefix: 'sk-1', at },
  permits: { ...everything, scenario: null },
});
const issue = (name: string, most: number, at = noon) =>
  ({ type: 'IssueApiKey', ...keyOf(name, at), most }) as const;
const issued = (name: string, at = noon): MemberEvent => ({
  type: 'ApiKeyIssued',
  data: { memberId, ...keyOf(name, at) },
});
const end = (name: string): MemberCommand => ({ type: 'EndApiKey', keyId: nameId(name) });
const ended = (name: string): MemberEvent => ({
  type: 'ApiKeyEnded',
  data: { memberId, keyId: nameId(name) },
});

test('a member has so many good keys and no more, and a revoked one makes room', (t) => {
  given(member, registered)(t).when(issue('a', 2)).yields(issued('a'));
  const full = given(member, registered, issued('a'), issued('b'))(t);
  full.when(issue('c', 2)).isRefused('too_many_api_keys');
  full.when(issue('c', 3)).yields(issued('c'));
  given(
    member,
    registered,
    issued('a'),
    issued('b'),
    ended('a'),
  )(t)
    .when(issue('c', 2))
    .yields(issued('c'));
});

test('a key is issued once and ended once', (t) => {
  given(member, registered, issued('a'))(t).when(issue('a', 1)).yields();
  given(member, registered, issued('a'))(t).when(end('a')).yields(ended('a'));
  given(member, registered, issued('a'), ended('a'))(t).when(end('a')).yields();
  given(member, registered)(t).when(end('a')).yields();
});

test('a limit that is lowered takes no key away, and lets no further one in', (t) => {
  const some = given(member, registered, issued('a'), issued('b'))(t);
  some.when(issue('c', 1)).isRefused('too_many_api_keys');
  some.when(end('a')).yields(ended('a'));
});

const rounds = (count: number): readonly MemberEvent[] =>
  Array.from({ length: count }, (_, index) => [issued(`${index}`), ended(`${index}`)]).flat();

test('who makes and revokes keys without end is stopped until the next day', (t) => {
  const busy = rounds(newKeysADay);
  given(
    member,
    registered,
    ...busy.slice(2),
  )(t)
    .when(issue('one', 1))
    .yields(issued('one'));
  const day = given(member, registered, ...busy)(t);
  day.when(issue('more', 1)).isRefused('rate_limit_exceeded');
  day.when(issue('more', newKeysADay + 1)).yields(issued('more'));
  day.when(issue('more', 1, tomorrow)).yields(issued('more', tomorrow));
  const state = fold(member, [registered, ...busy]);
  const refused = t.throws(() => member.decide(issue('more', 1), state), {
    instanceOf: Rejection,
  });
  t.like(refused, { why: 'keys_a_day', retryAfterSeconds: 12 * 60 * 60 });
});

/** Nothing, where it is refused. */
function decided(command: MemberCommand, events: readonly MemberEvent[]): readonly MemberEvent[] {
  try {
    return member.decide(command, fold(member, events));
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
}

function liveIn(events: readonly MemberEvent[]): readonly string[] {
  const state = fold(member, events);
  return state.status === 'unregistered' ? [] : state.keys.live;
}

test('whatever is asked, a member has no more good keys than may be, and ids of no others', (t) => {
  const step = fc.record({ key: fc.nat({ max: 9 }), ends: fc.boolean() });
  const property = fc.property(
    fc.array(step, { maxLength: 60 }),
    fc.integer({ min: 1, max: 5 }),
    (steps, most) => {
      const events: MemberEvent[] = [registered];
      for (const { key, ends } of steps) {
        events.push(...decided(ends ? end(`${key}`) : issue(`${key}`, most), events));
        const live = liveIn(events);
        if (live.length > most || new Set(live).size < live.length) return false;
      }
      return true;
    },
  );
  t.notThrows(() => fc.assert(property));
});
