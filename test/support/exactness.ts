import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Recorded } from '../../src/domain/events.ts';
import { money, sum } from '../../src/domain/money.ts';
import type { Complete } from './load.ts';
import type { Person } from './people.ts';
import { callsOf, walletOf } from './people.ts';
import type { Program } from './program.ts';
import { chargedIn, endsByCall, grantedIn, walletHistories } from './wallet-history.ts';

/** After any crash nothing is open so long after `/readyz`. */
const promiseMs = 30_000;

/** Waits until no hold of these people is open in wallet or read model, for as long as is promised since it was ready. */
export async function settlesDown(
  program: Program,
  people: readonly Person[],
  readyAt = performance.now(),
): Promise<void> {
  const until = readyAt + promiseMs;
  while (!(await isQuiet(program, people)) && performance.now() < until) await sleep(500);
}

async function isQuiet(program: Program, people: readonly Person[]): Promise<boolean> {
  for (const { token } of people) {
    const wallet = await walletOf(program, token);
    if (wallet.held !== '0') return false;
    const calls = await callsOf(program, token);
    if (calls.some(({ status }) => status === 'open')) return false;
  }
  return true;
}

export interface Afterwards {
  readonly programs: readonly [Program, ...Program[]];
  readonly eventstoreUrl: string;
  readonly people: readonly Person[];
  readonly complete: readonly Complete[];
  /** Requests that reached the upstream. */
  readonly upstreamCalls: number;
}

/**
 * Nothing is open; what was answered whole was charged once; each member has what was granted less
 * what was charged, in the log, in every program and in the read models alike.
 */
export async function isExact(
  t: ExecutionContext,
  { programs, eventstoreUrl, people, complete, upstreamCalls }: Afterwards,
): Promise<readonly (readonly Recorded[])[]> {
  const [program] = programs;
  const wallets = await Promise.all(people.map(({ token }) => walletOf(program, token)));
  const walletIds = wallets.map(({ walletId }) => walletId);
  const histories = await walletHistories(eventstoreUrl, walletIds);
  let settledCalls = 0;
  for (const [index, { memberId, token }] of people.entries()) {
    const events = histories[index] ?? [];
    const ends = endsByCall(events);
    const mine = complete.filter((each) => each.memberId === memberId);
    t.true(mine.length > 0, 'each member got answers');
    t.deepEqual(wronglyEnded(ends), [], 'each hold ended once');
    t.deepEqual(uncharged(mine, ends), [], 'each complete answer was charged once');
    const available = grantedIn(events).minus(chargedIn(events)).toFixed();
    for (const each of programs) {
      const { posted, held, ...wallet } = await walletOf(each, token);
      t.deepEqual(
        { posted, held, available: wallet.available },
        { posted: available, held: '0', available },
      );
    }
    const rows = await callsOf(program, token);
    t.is(rows.length, ends.size, 'the read model has every call');
    t.deepEqual(
      rows.filter(({ status }) => status === 'open'),
      [],
    );
    t.is(
      sum(rows.map(({ charge }) => money(charge ?? '0'))).toFixed(),
      chargedIn(events).toFixed(),
    );
    settledCalls += [...ends.values()].filter(isCharged).length;
  }
  t.log(`${complete.length} complete, ${settledCalls} settled, ${upstreamCalls} asked upstream`);
  t.true(complete.length <= settledCalls);
  t.true(settledCalls <= upstreamCalls);
  return histories;
}

type Ends = ReadonlyMap<string, readonly string[]>;

const isLate = (type: string): boolean => type === 'LateSettlementPosted';
const isCharged = (ends: readonly string[]): boolean =>
  ends.includes('UsageSettled') || ends.some(isLate);

/** Calls without an end, or with more than one and a late word. */
const wronglyEnded = (ends: Ends) =>
  [...ends].filter(([, types]) => {
    const late = types.filter(isLate).length;
    return types.length - late !== 1 || late > 1 || (late === 1 && isLate(types[0] ?? ''));
  });

const uncharged = (complete: readonly Complete[], ends: Ends) =>
  complete
    .map(({ callId }) => ({ callId, ends: ends.get(callId) ?? [] }))
    .filter((each) => !isCharged(each.ends));
