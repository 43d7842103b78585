import { nameId } from '../../src/domain/ids.ts';
import type {
  CorrectUsage,
  CountDenials,
  ExpireLots,
  FreezeWallet,
  GrantCredit,
  Opening,
  RevokeCredit,
  SetLimit,
  WalletCommand,
} from '../../src/domain/wallet/commands.ts';
import { check, release, reserve, resolve, settle } from './oracle-calls.ts';
import { late } from './oracle-late.ts';
import type { Ledger } from './oracle-ledger.ts';
import {
  burning,
  freeIn,
  isOver,
  isUnits,
  knownLot,
  one,
  smaller,
  total,
  units,
  written,
} from './oracle-ledger.ts';
import {
  credit,
  end,
  lasting,
  opened,
  payDebts,
  post,
  Refused,
  refuse,
  sourceOf,
} from './oracle-postings.ts';

export interface Outcome {
  readonly refused: string | null;
  readonly effects: readonly string[];
  readonly postings: Ledger['postings'];
}

/**
 * `ops/charging.md` as a plain reducer over commands. It knows nothing of the decider but its commands: arrays,
 * whole numbers, and every sum taken anew.
 */
export function decideByOracle(ledger: Ledger, command: WalletCommand): Outcome {
  ledger.effects.length = 0;
  ledger.postings.length = 0;
  try {
    apply(ledger, command);
    return { refused: null, effects: [...ledger.effects], postings: [...ledger.postings] };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.code, effects: [], postings: [] };
  }
}

function apply(ledger: Ledger, command: WalletCommand): void {
  switch (command.type) {
    case 'OpenWallet':
      open(ledger, command);
      break;
    case 'GrantCredit':
      grant(ledger, command);
      break;
    case 'RevokeCredit':
      revoke(ledger, command);
      break;
    case 'ExpireLots':
      expire(ledger, command);
      break;
    case 'CheckCredit':
      check(ledger, command);
      break;
    case 'ReserveCredit':
      reserve(ledger, command);
      break;
    case 'SettleUsage':
      settle(ledger, command);
      break;
    case 'ReleaseHold':
      release(ledger, command);
      break;
    case 'ResolveAbandoned':
      resolve(ledger, command);
      break;
    case 'PostLateSettlement':
      late(ledger, command);
      break;
    case 'CorrectUsage':
      correct(ledger, command);
      break;
    case 'PayDebt':
      payDebts(ledger, command.at);
      break;
    case 'SetLimit':
      setLimit(ledger, command);
      break;
    case 'FreezeWallet':
    case 'UnfreezeWallet':
      freeze(ledger, command);
      break;
    case 'CountDenials':
      countDenials(ledger, command);
      break;
  }
}

function open(ledger: Ledger, { walletId, currency }: Opening): void {
  if (ledger.opened) return;
  ledger.opened = { walletId, currency };
  ledger.effects.push('WalletPeriodOpened');
}

function grant(ledger: Ledger, command: GrantCredit): void {
  const { lotId, asset, kind, priority, at, expiresAt, scope, past } = command;
  const amount = units(command.amount.toFixed());
  const from = command.effectiveAt ?? at;
  if (knownLot(ledger, lotId)) return;
  refuseGrant(ledger, command, { amount, from });
  open(ledger, command);
  ledger.lots.push({
    id: lotId,
    asset,
    kind,
    priority,
    from,
    until: expiresAt,
    scope,
    blocks: past === 'block',
    moves: [{ free: amount, held: 0n }],
    ended: null,
  });
  ledger.effects.push(`CreditGranted ${lotId} ${written(amount)}`);
  post(ledger, sourceOf(kind, asset), asset, amount);
  post(ledger, credit(ledger, kind), asset, -amount);
  payDebts(ledger, at);
}

function refuseGrant(
  ledger: Ledger,
  { asset, at, expiresAt, past, ...command }: GrantCredit,
  { amount, from }: { readonly amount: bigint; readonly from: string },
): void {
  if (amount <= 0n || (isUnits(asset) && amount % one !== 0n)) refuse('invalid_amount');
  if (expiresAt !== null && (expiresAt <= at || expiresAt <= from)) refuse('invalid_expiry');
  if (isUnits(asset)) return;
  if (asset !== (ledger.opened?.currency ?? command.currency)) refuse('currency_mismatch');
  if (past === 'block') refuse('invalid_limit');
}

function revoke(ledger: Ledger, { lotId, at }: RevokeCredit): void {
  opened(ledger);
  const lot = knownLot(ledger, lotId);
  if (!lot) refuse('lot_not_found');
  if (lot.ended === null) end(ledger, lot, isOver(lot, at) ? 'expired' : 'revoked');
}

function expire(ledger: Ledger, { at }: ExpireLots): void {
  for (const lot of burning(ledger, (each) => each.ended === null && isOver(each, at))) {
    end(ledger, lot, 'expired');
  }
}

function correct(ledger: Ledger, command: CorrectUsage): void {
  const { walletId } = opened(ledger);
  const { eventId, callId, asset, at } = command;
  const amount = units(command.amount.toFixed());
  if (amount <= 0n || (isUnits(asset) && amount % one !== 0n)) refuse('invalid_amount');
  const charged = command.charged.map((part) => units(part.amount.toFixed()));
  if (amount > total(charged)) refuse('invalid_amount');
  let left = amount;
  const given = command.charged.toReversed().map((part, index) => {
    const back = smaller(units(part.amount.toFixed()), left);
    left -= back;
    return { ...part, id: nameId(`correction/${eventId}/${index}`), back };
  });
  if (given.some(({ id, back }) => back > 0n && knownLot(ledger, id))) return;
  ledger.effects.push(`UsageCorrected ${eventId} ${written(amount)}`);
  const call = ledger.calls.findLast(({ id, status }) => id === callId && status === 'swept');
  if (call?.asset === asset) call.corrected = smaller(call.corrected + amount, call.charge);
  post(ledger, isUnits(asset) ? `units:${asset}` : 'refunds', asset, amount);
  for (const { id, kind, priority, scope, expiresAt, back } of given) {
    if (back === 0n) continue;
    post(ledger, `credit:${walletId}:${kind}`, asset, -back);
    ledger.lots.push({
      id,
      asset,
      kind,
      priority,
      from: at,
      until: lasting(expiresAt, at),
      scope,
      blocks: false,
      moves: [{ free: back, held: 0n }],
      ended: null,
    });
  }
  payDebts(ledger, at);
}

function setLimit(ledger: Ledger, { limit }: SetLimit): void {
  opened(ledger);
  refuseLimit(limit);
  const { apiKeyId, window, measure, most } = limit;
  const same = ledger.limits.findIndex(
    ({ terms }) =>
      terms.apiKeyId === apiKeyId && terms.window === window && terms.measure === measure,
  );
  const known = ledger.limits[same];
  if ((known?.most ?? null) === most) return;
  if (!known) ledger.limits.push({ terms: limit, most });
  else if (most === null) ledger.limits.splice(same, 1);
  else known.most = most;
  ledger.effects.push(`LimitSet ${measure} ${window} ${most}`);
}

function refuseLimit({ apiKeyId, window, measure, most }: SetLimit['limit']): void {
  if ((measure === 'calls') !== (window === 'now')) refuse('invalid_limit');
  if (measure === 'overdraft' && (window !== 'total' || apiKeyId !== null)) refuse('invalid_limit');
  const isWhole = measure !== 'money' && measure !== 'overdraft';
  const size = units(most ?? '0');
  if (size < 0n || (isWhole && size % one !== 0n)) refuse('invalid_amount');
}

function freeze(ledger: Ledger, { type }: FreezeWallet): void {
  opened(ledger);
  const isWanted = type === 'FreezeWallet';
  if (ledger.frozen === isWanted) return;
  ledger.frozen = isWanted;
  ledger.effects.push(isWanted ? 'WalletFrozen' : 'WalletUnfrozen');
}

function countDenials(ledger: Ledger, { minute, denials }: CountDenials): void {
  if (ledger.opened && denials.length > 0) ledger.effects.push(`DenialsCounted ${minute}`);
}

/** Lots of which something is left, in burn order. */
export const remainingLots = (ledger: Ledger): readonly string[] =>
  burning(ledger, () => true).map((lot) => `${lot.id} ${written(freeIn(lot))}`);
