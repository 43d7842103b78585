import { leaseMs } from '../../src/adapters/postgres/lease-state.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { eventIdOf, nameId } from '../../src/domain/ids.ts';
import { least, money, zero } from '../../src/domain/money.ts';
import type { Cost } from '../../src/domain/wallet/call-events.ts';
import { costOf } from '../../src/domain/wallet/resolve.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { balances } from '../../src/domain/wallet/wallet.ts';
import type { Projection } from '../../src/projections/projection.ts';
import type { ClientCall } from './calls.ts';
import { checkCosts, checkTold } from './check-costs.ts';
import { checkWallet } from './check-wallet.ts';
import type { EventServer } from './event-server.ts';
import type { Lapse } from './lease-table.ts';
import type { Order } from './orders.ts';
import type { Table } from './read-side.ts';
import { cellOf, table } from './read-side.ts';
import type { UpstreamBook } from './upstream.ts';
import { mustHold } from './violation.ts';

/** All that can be known of a run when everything is quiet. */
export interface Outcome {
  readonly walletIds: readonly string[];
  readonly server: EventServer;
  readonly calls: readonly ClientCall[];
  readonly orders: readonly Order[];
  readonly tables: readonly Table[];
  readonly projections: readonly Projection[];
  readonly upstream: (callId: string) => UpstreamBook;
  /** What a call that outlived its hold said that it cost; undefined: it said nothing. */
  readonly toldBy: (callId: string) => readonly Cost[] | undefined;
  /** When an event was written. */
  readonly writtenMs: (event: Recorded) => number;
  readonly lapses: (processId: string) => readonly Lapse[];
  readonly judgements: readonly Judgement[];
}

/** A process asked whose leases have lapsed, in order to end their calls. */
export interface Judgement {
  readonly processId: string;
  readonly askedMs: number;
}

/** Checks the wallets after each of their events, and returns them. */
export const checkWallets = ({ server, walletIds }: Pick<Outcome, 'server' | 'walletIds'>) =>
  new Map(walletIds.map((id) => [id, checkWallet(id, streamsOf(id, server))] as const));

/** Checks everything that was written, said and shown. */
export function checkRun(outcome: Outcome): void {
  const { server } = outcome;
  const all = server.events.map(server.read);
  checkIds(all);
  const wallets = checkWallets(outcome);
  for (const [id, { holds }] of wallets) {
    mustHold(holds.size === 0, '0 open', () => `${holds.size} holds are open in ${id}`);
  }
  const known = byCall(all);
  for (const call of outcome.calls) checkCall(call, known.get(call.callId) ?? nothing, outcome);
  for (const callId of known.keys()) checkSweeps(callId, known.get(callId) ?? nothing, outcome);
  for (const order of outcome.orders) checkOrder(order, all);
  checkCorrections(all);
  for (const judgement of outcome.judgements) checkJudgement(judgement, outcome);
  checkTables(outcome, all, wallets);
}

/** A wallet's streams, the oldest first. */
function streamsOf(walletId: string, server: EventServer): readonly (readonly Recorded[])[] {
  const streams: (readonly Recorded[])[] = [];
  for (let index = 0; ; index += 1) {
    const events = server.of(`wallet-${walletId}@${index}`);
    if (events.length === 0) return streams;
    streams.push(events.map(server.read));
  }
}

/** An event's id comes from its command, which writes once and all at once (I7). */
function checkIds(all: readonly Recorded[]): void {
  const seen = new Set<string>();
  const byCommand = new Map<string, Recorded[]>();
  for (const event of all) {
    mustHold(!seen.has(event.id), 'I7', () => `${event.type} ${event.id} is written again`);
    seen.add(event.id);
    if (!event.stream.startsWith('wallet-') || isOfRoll(event)) continue;
    const { commandId } = event.meta;
    byCommand.set(commandId, [...(byCommand.get(commandId) ?? []), event]);
  }
  for (const [commandId, events] of byCommand) {
    for (const [index, { id }] of events.entries()) {
      mustHold(
        id === eventIdOf(commandId, index),
        'I7',
        () => `${commandId} wrote ${id}, which isn't its own`,
      );
    }
  }
}

/** These get their ids from their streams. */
const isOfRoll = ({ type, stream }: Recorded): boolean =>
  type === 'WalletPeriodClosed' || (type === 'WalletPeriodOpened' && !stream.endsWith('@0'));

export interface Known {
  readonly reserved?: Extract<Recorded, { type: 'CreditReserved' }>;
  readonly resolved?: Extract<
    Recorded,
    { type: 'UsageSettled' | 'ReservationReleased' | 'ReservationExpired' }
  >;
  readonly late?: Extract<Recorded, { type: 'LateSettlementPosted' }>;
  /** What it cost us, told where the difference was not there. */
  readonly uncharged?: Extract<Recorded, { type: 'LateCostsPosted' }>;
}

const nothing: Known = {};

function byCall(all: readonly Recorded[]): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  const add = (callId: string, more: Known) => known.set(callId, { ...known.get(callId), ...more });
  for (const event of all) {
    switch (event.type) {
      case 'CreditReserved':
        add(event.data.call.callId, { reserved: event });
        break;
      case 'UsageSettled':
      case 'ReservationReleased':
      case 'ReservationExpired':
        add(event.data.call.callId, { resolved: event });
        break;
      case 'LateSettlementPosted':
      case 'LateCostsPosted': {
        const { callId } = event.data.call;
        const { late, uncharged } = known.get(callId) ?? nothing;
        mustHold(!(late ?? uncharged), 'late', () => `${callId} posts two differences`);
        add(callId, event.type === 'LateCostsPosted' ? { uncharged: event } : { late: event });
        break;
      }
    }
  }
  return known;
}

/** What its client saw, and whether it was charged. */
function checkCall(call: ClientCall, known: Known, { upstream, toldBy }: Outcome): void {
  const { callId, end, code, process } = call;
  const { reserved, resolved, late, uncharged } = known;
  const book = upstream(callId);
  const isSettled = resolved?.type === 'UsageSettled' || late !== undefined;
  const must = (holds: boolean, rule: string, what: string) =>
    mustHold(holds, rule, () => `call ${callId} (${end} ${code ?? ''}) ${what}`);
  must(!process.isAlive || end !== undefined, 'ends', 'was never answered');
  // One whose caller was told nothing may say late that it costs nothing.
  const isCharged = isSettled && late?.data.charge !== '0';
  must(!isCharged || book.asked > 0, 'I18', 'is charged, and no upstream was asked');
  must(book.asked === 0 || reserved !== undefined, 'I18', 'was not held');
  // One that outlived its hold may be refused when all is done but the charge.
  const isRefusedFirst = end === 'refused' && book.asked === 0;
  must(!(isRefusedFirst && reserved), 'I17', 'was refused, and took credit');
  must(end !== 'complete' || (isSettled && !uncharged), 'charged', 'is not charged');
  must(end !== 'complete' || book.finished !== undefined, 'charged', 'had no whole answer');
  checkCharge(call, known, book);
  checkCosts(call, known, book);
  checkTold(callId, known, toldBy(callId));
}

/** A whole answer costs what its upstream said, a failed call nothing. */
function checkCharge(
  { callId, end, code, process }: ClientCall,
  { reserved, resolved, late }: Known,
  { finished }: UpstreamBook,
): void {
  if (!reserved || !resolved) return;
  const settled = money(resolved.type === 'UsageSettled' ? resolved.data.charge : '0');
  const charge = settled.plus(late?.data.difference ?? zero);
  const { asset, price, amount } = reserved.data;
  const isFailed = end === 'failed' && code === 'upstream_failed' && process.isAlive;
  mustHold(!isFailed || charge.isZero(), 'I17', () => `${callId} failed, is charged`);
  if (end !== 'complete' || !finished) return;
  const usage = { cachedInput: 0, reasoning: 0, ...finished };
  const hold = { asset, price, amount: money(amount) };
  const cost = least(costOf({ usage, characters: null }, hold), hold.amount);
  const what = () => `call ${callId} costs ${cost} and is charged ${charge} ${asset}`;
  mustHold(charge.eq(cost), 'charged', what);
}

/** The sweeper ends only holds of processes whose lease lapsed while they were open. */
function checkSweeps(callId: string, { reserved, resolved }: Known, outcome: Outcome): void {
  if (!reserved || resolved?.meta.source !== 'sweeper') return;
  const since = outcome.writtenMs(reserved);
  const until = outcome.writtenMs(resolved);
  const lapses = outcome.lapses(reserved.data.processId);
  const isLapsed = lapses.some(({ fromMs, toMs }) => toMs >= since && fromMs <= until);
  mustHold(isLapsed, 'leases', () => `${callId} was swept while its process lived`);
}

/** Only who has had a lease for long without a break judges others; renewals take their time too. */
function checkJudgement({ processId, askedMs }: Judgement, { lapses }: Outcome): void {
  const isSteady = lapses(processId).every(
    ({ fromMs, toMs }) => toMs <= askedMs - leaseMs / 2 || fromMs > askedMs,
  );
  mustHold(isSteady, 'leases', () => `${processId} judges others at ${askedMs} ms`);
}

/** Done once, and always answered alike. */
function checkOrder({ key, replies, commandId, type }: Order, all: readonly Recorded[]): void {
  mustHold(replies.length > 0, 'orders', () => `${key} was never answered`);
  mustHold(new Set(replies).size === 1, 'I7', () => `${key} was answered: ${replies.join(' / ')}`);
  const effects = all.filter(
    (event) =>
      event.meta.commandId === commandId &&
      event.stream.startsWith('wallet-') &&
      event.type !== 'CommandRefused',
  );
  const isDone = replies[0]?.includes('201') === true;
  const isIdle = replies[0]?.includes('false') === true;
  mustHold(!isIdle || effects.length === 0, 'I7', () => `${key} changed nothing and happened`);
  mustHold(isDone || effects.length === 0, 'I7', () => `${key} was refused and happened`);
  if (type !== 'GrantCredit' || !isDone) return;
  const lotId = nameId(`lot/${commandId}`);
  const grants = all.filter(
    (event) => event.type === 'CreditGranted' && event.data.lotId === lotId,
  );
  mustHold(grants.length === 1, 'I7', () => `${key} granted ${grants.length} times`);
}

/** A settlement is corrected once, and with what its call gave back itself by no more than it charged. */
function checkCorrections(all: readonly Recorded[]): void {
  const corrected = new Set<string>();
  const known = byCall(all);
  for (const event of all) {
    if (event.type !== 'UsageCorrected') continue;
    const { eventId, callId, amount } = event.data;
    mustHold(!corrected.has(eventId), 'I5', () => `${eventId} is corrected twice`);
    corrected.add(eventId);
    const { resolved, late } = known.get(callId) ?? nothing;
    const charge = money(resolved?.type === 'UsageSettled' ? resolved.data.charge : '0');
    const back = money(amount).minus(least(money(late?.data.difference ?? '0'), zero));
    mustHold(back.lte(charge), 'I5', () => `${eventId} charged ${charge} and gives back ${back}`);
  }
}

/** Fed late, twice and mixed, they hold what one pass over the log gives (I10). */
function checkTables(
  { tables, projections }: Outcome,
  all: readonly Recorded[],
  wallets: ReadonlyMap<string, Wallet>,
): void {
  const fresh = projections.map(table);
  for (const each of fresh) each.apply(all);
  for (const [index, one] of fresh.entries()) {
    const other = tables[index];
    mustHold(other?.rows.size === one.rows.size, 'I10', () => `${one.projection.name}: rows`);
    for (const [key, cells] of one.rows) {
      const fed = other?.rows.get(key);
      const isSame = fed !== undefined && cells.every((cell, place) => cell === fed[place]);
      mustHold(
        isSame,
        'I10',
        () => `${one.projection.name}: ${cells.join(' ')} / ${fed?.join(' ')}`,
      );
    }
  }
  const balance = fresh.find(({ projection }) => projection.name === 'balance');
  if (balance) for (const [id, wallet] of wallets) checkBalance(balance, id, wallet);
}

function checkBalance(balance: Table, walletId: string, wallet: Wallet): void {
  for (const { asset, posted, held } of balances(wallet, '2026-01-01T00:00:00.000Z')) {
    const cells = balance.rows.get(`${walletId}\0${asset}`);
    const row = (name: string) => (cells ? cellOf(balance, cells, name) : '0');
    const isSame = posted.eq(row('posted')) && held.eq(row('held'));
    mustHold(isSame, 'I2', () => `${walletId} ${asset}: ${posted}, read model ${row('posted')}`);
  }
}
