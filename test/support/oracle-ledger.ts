import type { PriceUsed } from '../../src/domain/wallet/call-events.ts';
import type { Limit } from '../../src/domain/wallet/limit-events.ts';
import type { Rate } from '../../src/domain/wallet/rates.ts';

/** Amounts are whole numbers of 10⁻¹², so that nothing here depends on the product's arithmetic. */
const scale = 10n ** 12n;

export function units(amount: string): bigint {
  const [whole = '0', decimals = ''] = amount.split('.');
  const size = BigInt(`${whole.replace('-', '')}${decimals.padEnd(12, '0')}`);
  return whole.startsWith('-') ? -size : size;
}

export function written(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const decimals = String(size % scale)
    .padStart(12, '0')
    .replace(/0+$/, '');
  const sign = amount < 0n ? '-' : '';
  return `${sign}${size / scale}${decimals === '' ? '' : `.${decimals}`}`;
}

export const one = scale;
export const total = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);
export const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const isUnits = (asset: string): boolean =>
  ['requests', 'tokens', 'characters'].includes(asset);

export interface OracleLot {
  readonly id: string;
  readonly asset: string;
  readonly kind: 'paid' | 'plan' | 'promo' | 'compensation';
  readonly priority: number;
  readonly from: string;
  readonly until: string | null;
  readonly scope: readonly string[] | null;
  readonly blocks: boolean;
  /** Everything that ever happened to it. */
  readonly moves: { readonly free: bigint; readonly held: bigint }[];
  ended: 'expired' | 'revoked' | null;
}

/** A null lot is the overdraft. */
export interface OraclePart {
  readonly lot: OracleLot | null;
  readonly amount: bigint;
}

export interface OracleLimit {
  readonly terms: Limit;
  most: string | null;
}

interface OracleCost {
  readonly upstream: string;
  readonly asset: string;
  readonly amount: string;
}

export interface OracleCall {
  readonly id: string;
  readonly requestId: string;
  readonly processId: string;
  readonly key: string;
  readonly model: string;
  readonly price: PriceUsed;
  readonly asset: string;
  readonly parts: readonly OraclePart[];
  readonly amount: bigint;
  readonly tokens: bigint;
  readonly at: string;
  readonly limits: readonly OracleLimit[];
  /** What counts it beside them: `scope measure`. */
  readonly rates: readonly string[];
  status: 'open' | 'swept' | 'over';
  sweptAt: string;
  /** What it came to, once it is over. */
  charge: bigint;
  /** Given back of the charge before the call said what it came to. */
  corrected: bigint;
  usedTokens: bigint;
  overrun: bigint;
  /** The part of it that the member bears. */
  owed: bigint;
  taken: readonly OraclePart[];
  /** What it may cost us, should nobody know anything else of it. */
  readonly mayCost: readonly OracleCost[];
  suspense: readonly OracleCost[];
  /** Known when it was swept. */
  booked: readonly OracleCost[];
}

/** What a wallet is: what was granted, what was asked, what is owed; no sums. */
export interface Ledger {
  opened: { readonly walletId: string; readonly currency: string } | null;
  frozen: boolean;
  readonly lots: OracleLot[];
  readonly calls: OracleCall[];
  readonly limits: OracleLimit[];
  readonly debts: bigint[];
  /** What the command of the moment did, and posted. */
  readonly effects: string[];
  readonly postings: { account: string; asset: string; amount: bigint }[];
}

export const emptyLedger = (): Ledger => ({
  opened: null,
  frozen: false,
  lots: [],
  calls: [],
  limits: [],
  debts: [],
  effects: [],
  postings: [],
});

export const freeIn = (lot: OracleLot): bigint => total(lot.moves.map(({ free }) => free));
export const heldIn = (lot: OracleLot): bigint => total(lot.moves.map(({ held }) => held));

/** Nothing can come of it any more: it may as well never have been. */
export const isGone = (lot: OracleLot): boolean =>
  freeIn(lot) === 0n && heldIn(lot) === 0n && (lot.ended !== null || !lot.blocks);

export const knownLot = ({ lots }: Ledger, id: string): OracleLot | undefined =>
  lots.find((lot) => lot.id === id && !isGone(lot));

export const isOver = ({ until }: OracleLot, at: string): boolean => until !== null && until <= at;
const isLive = (lot: OracleLot, at: string): boolean =>
  lot.ended === null && lot.from <= at && !isOver(lot, at);

const kinds = ['plan', 'promo', 'compensation', 'paid'];

/** The lots that pass, as they burn: priority, expiry, kind, age. */
export function burning(
  { lots }: Ledger,
  passes: (lot: OracleLot) => boolean,
): readonly OracleLot[] {
  return lots
    .map((lot, age) => ({ lot, age, until: lot.until ?? 'never' }))
    .filter(({ lot }) => !isGone(lot) && passes(lot))
    .sort(
      (a, b) =>
        a.lot.priority - b.lot.priority ||
        (a.until === b.until ? 0 : a.until < b.until ? -1 : 1) ||
        kinds.indexOf(a.lot.kind) - kinds.indexOf(b.lot.kind) ||
        a.age - b.age,
    )
    .map(({ lot }) => lot);
}

/** What a call for this model may draw on now. */
export const usable = (
  ledger: Ledger,
  asset: string,
  { model, at }: { readonly model: string; readonly at: string },
): readonly OracleLot[] =>
  burning(
    ledger,
    (lot) => lot.asset === asset && isLive(lot, at) && (lot.scope?.includes(model) ?? true),
  );

/** Paid money that may pay a debt now. */
export const paying = (ledger: Ledger, at: string): readonly OracleLot[] =>
  burning(ledger, (lot) => lot.kind === 'paid' && !isUnits(lot.asset) && isLive(lot, at));

export function takeFrom(lots: readonly OracleLot[], amount: bigint): OraclePart[] {
  let left = amount;
  return lots.flatMap((lot) => {
    const part = smaller(freeIn(lot), left);
    left -= part;
    return part === 0n ? [] : [{ lot, amount: part }];
  });
}

export const openCalls = ({ calls }: Ledger): readonly OracleCall[] =>
  calls.filter(({ status }) => status === 'open');

export const debtOf = ({ debts }: Ledger): bigint => total(debts);
/** What open calls have drawn of the overdraft. */
export const drawnOf = (ledger: Ledger): bigint =>
  total(
    openCalls(ledger).flatMap(({ parts }) =>
      parts.filter(({ lot }) => lot === null).map(({ amount }) => amount),
    ),
  );

export const overdraftOf = ({ limits }: Ledger): bigint =>
  units(limits.find(({ terms }) => terms.measure === 'overdraft')?.most ?? '0');

const day = 24 * 60 * 60 * 1000;
/** A call that was swept may say more for a day. */
export const isRemembered = ({ status, sweptAt }: OracleCall, at: string): boolean =>
  status === 'swept' && Date.parse(at) - Date.parse(sweptAt) <= day;

function windowOf(window: Limit['window'], at: string): number {
  const time = new Date(at);
  switch (window) {
    case 'minute':
      return Math.floor(time.getTime() / 60_000);
    case 'day':
      return Math.floor(time.getTime() / day);
    case 'month':
      return time.getUTCFullYear() * 12 + time.getUTCMonth();
    case 'total':
    case 'now':
      return 0;
  }
}

/** How much of a limit is used now: by open calls their bounds, by others what they came to. */
export function useOf(limit: OracleLimit, ledger: Ledger, at: string): bigint {
  const { window, measure, apiKeyId } = limit.terms;
  if (measure === 'calls') {
    const mine = openCalls(ledger).filter(({ key }) => apiKeyId === null || key === apiKeyId);
    return BigInt(mine.length) * one;
  }
  const counted = ledger.calls.filter(
    (call) => call.limits.includes(limit) && windowOf(window, call.at) === windowOf(window, at),
  );
  if (measure === 'requests') return BigInt(counted.length) * one;
  if (measure === 'tokens')
    return total(counted.map((call) => (call.status === 'open' ? call.tokens : call.usedTokens)));
  return total(
    counted
      .filter(({ asset }) => !isUnits(asset))
      .map((call) => (call.status === 'open' ? call.amount : call.charge + call.owed)),
  );
}

/** The same of a limit that comes with calls: an alias's own calls, or all under a plan, of this minute. */
export function useOfRate(
  { scope, measure }: Rate,
  { calls, ...ledger }: Ledger,
  at: string,
): bigint {
  if (measure === 'calls') {
    const all = openCalls({ calls, ...ledger });
    const mine = all.filter(
      ({ model }) => !scope.startsWith('alias:') || scope === `alias:${model}`,
    );
    return BigInt(mine.length) * one;
  }
  const counted = calls.filter(
    (call) =>
      call.rates.includes(`${scope} ${measure}`) &&
      windowOf('minute', call.at) === windowOf('minute', at),
  );
  if (measure === 'requests') return BigInt(counted.length) * one;
  return total(counted.map((call) => (call.status === 'open' ? call.tokens : call.usedTokens)));
}

export interface OracleBalance {
  readonly posted: bigint;
  readonly held: bigint;
  readonly available: bigint;
}

export function balanceOf(ledger: Ledger, asset: string, at: string): OracleBalance {
  const lots = ledger.lots.filter((lot) => lot.asset === asset);
  const drawn = asset === ledger.opened?.currency ? drawnOf(ledger) : 0n;
  const held = total(lots.map(heldIn)) + drawn;
  return {
    posted: total(lots.map(freeIn)) + held,
    held,
    available: total(lots.filter((lot) => isLive(lot, at)).map(freeIn)),
  };
}
