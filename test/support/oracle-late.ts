import { nameId } from '../../src/domain/ids.ts';
import type { Cost } from '../../src/domain/wallet/call-events.ts';
import type { PostLateSettlement } from '../../src/domain/wallet/commands.ts';
import { accrue, consumedBy, cost, tokensOf } from './oracle-calls.ts';
import type { Ledger, OracleCall, OracleLot } from './oracle-ledger.ts';
import {
  freeIn,
  isRemembered,
  smaller,
  takeFrom,
  total,
  units,
  usable,
  written,
} from './oracle-ledger.ts';
import { credit, earnedAt, end, lasting, payDebts, post, refuse } from './oracle-postings.ts';

/** A call whose hold the sweeper ended says what it came to. */
export function late(ledger: Ledger, command: PostLateSettlement): void {
  const { at, costs } = command;
  const call = ledger.calls.findLast(
    ({ id, status }) => id === command.callId && status === 'swept',
  );
  if (!call || !isRemembered(call, at)) return;
  const came = cameTo(call, command);
  const used = came.used;
  const charge = smaller(used, call.amount);
  const difference =
    charge < call.charge
      ? smaller(charge + call.corrected, call.charge) - call.charge
      : charge - call.charge;
  const lots = usable(ledger, call.asset, { model: call.model, at });
  if (difference > total(lots.map(freeIn))) {
    uncharged(ledger, call, costs);
    return;
  }
  ledger.effects.push(`LateSettlementPosted ${call.id} ${written(difference)}`);
  post(ledger, earnedAt(call.asset), call.asset, -difference);
  if (difference > 0n) {
    for (const { lot, amount } of takeFrom(lots, difference)) {
      lot?.moves.push({ free: -amount, held: 0n });
      post(ledger, credit(ledger, lot?.kind ?? 'paid'), call.asset, amount);
    }
  } else restore(ledger, call, { amount: -difference, at });
  bookLate(ledger, call, costs);
  accrue(ledger, call, { amount: used - call.amount - call.overrun, overrun: command.overrun });
  call.charge = charge;
  call.usedTokens = came.tokens;
  payDebts(ledger, at);
}

/** The charge stays; costs that are known now are booked, if there is anything to say of them. */
function uncharged(ledger: Ledger, call: OracleCall, costs: readonly Cost[]): void {
  const beyond = new Map<string, bigint>();
  const add = (sign: 1n | -1n) => (each: Cost) => {
    const key = `${each.upstream} ${each.asset}`;
    beyond.set(key, (beyond.get(key) ?? 0n) + sign * units(each.amount));
  };
  costs.forEach(add(1n));
  call.booked.forEach(add(-1n));
  const isNews = call.suspense.length > 0 || [...beyond.values()].some((amount) => amount !== 0n);
  if (!isNews) refuse('insufficient_quota');
  ledger.effects.push(`LateCostsPosted ${call.id}`);
  bookLate(ledger, call, costs);
}

function bookLate(ledger: Ledger, call: OracleCall, costs: readonly Cost[]): void {
  cost(ledger, costs, 'cogs');
  cost(ledger, call.booked, 'cogs', -1n);
  cost(ledger, call.suspense, 'suspense', -1n);
  call.status = 'over';
}

const failures = ['upstream_failed', 'upstream_timed_out', 'refused', 'abandoned'];

/** What failed, or was ended before anything came, is free. */
function cameTo(call: OracleCall, command: PostLateSettlement) {
  const { outcome } = command.ending;
  const tokens = tokensOf(command);
  const isEmpty = tokens === 0n && !command.characters && outcome !== 'completed';
  if (isEmpty || failures.includes(outcome)) return { used: 0n, tokens: 0n };
  return { used: consumedBy(call, command), tokens };
}

interface Restored {
  readonly amount: bigint;
  readonly at: string;
}

/** Gives back what was taken last, on the terms it was taken from. */
function restore(ledger: Ledger, call: OracleCall, { amount, at }: Restored): void {
  let left = amount;
  const kept = call.charge - call.corrected;
  const taken = call.taken
    .map(({ lot, amount: part }, index) => {
      const before = total(call.taken.slice(0, index).map((each) => each.amount));
      return { lot, amount: smaller(part, kept > before ? kept - before : 0n) };
    })
    .filter((part) => part.amount > 0n)
    .toReversed();
  const grants = ledger.lots.length;
  const revoked: OracleLot[] = [];
  for (const [index, { lot, amount: most }] of taken.entries()) {
    const back = smaller(most, left);
    left -= back;
    if (back === 0n) continue;
    const kind = lot?.kind ?? 'paid';
    const given: OracleLot = {
      id: nameId(`late/${call.id}/${grants + index}`),
      asset: call.asset,
      kind,
      priority: lot?.priority ?? 0,
      from: at,
      until: lasting(lot?.until ?? null, at),
      scope: lot?.scope ?? null,
      blocks: false,
      moves: [{ free: back, held: 0n }],
      ended: null,
    };
    ledger.lots.push(given);
    if (lot?.ended === 'revoked') revoked.push(given);
    post(ledger, credit(ledger, kind), call.asset, -back);
  }
  for (const lot of revoked) end(ledger, lot, 'revoked');
}
