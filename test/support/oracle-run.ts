import { deepStrictEqual } from 'node:assert';
import type { Recorded } from '../../src/domain/events.ts';
import { canonical, zero } from '../../src/domain/money.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { toBook } from '../../src/domain/wallet/book.ts';
import { walletBooks } from '../../src/domain/wallet/books.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { limitKey, usedIn, windowOf } from '../../src/domain/wallet/limits.ts';
import { rateKey } from '../../src/domain/wallet/rates.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { balances, debtOf, lotsIn } from '../../src/domain/wallet/wallet.ts';
import { balance } from '../../src/projections/balance.ts';
import { fold } from '../../src/projections/fold.ts';
import { openHolds } from '../../src/projections/open-holds.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { trialBalance } from '../../src/projections/trial-balance.ts';
import type { Ledger } from './oracle-ledger.ts';
import * as oracle from './oracle-ledger.ts';
import { recorded } from './recorded.ts';
import { commandOf } from './step-command.ts';
import type { Outcome } from './wallet-oracle.ts';
import { decideByOracle, remainingLots } from './wallet-oracle.ts';
import type { CommandStep, Step } from './wallet-steps.ts';

const assets = ['CNY', 'requests', 'tokens', 'characters'];

/** One wallet, decided by the product and by the oracle, and compared after every command. */
export class OracleRun {
  readonly #ledger: Ledger = oracle.emptyLedger();
  readonly #events: WalletEvent[] = [];
  readonly #recorded: Recorded[] = [];
  readonly #accounts = new Map<string, bigint>();
  /** States of the past with their books, which nothing may change. */
  readonly #past: { readonly state: Wallet; readonly book: string }[] = [];
  #state: Wallet = wallet.initialState;
  /** Events of the stream of the moment. */
  #stream: WalletEvent[] = [];
  #streams = 0;
  #at = '2026-01-30T23:58:30.000Z';
  #number = 0;

  take(step: Step): void {
    this.#at = new Date(Date.parse(this.#at) + step.after).toISOString();
    this.#number += 1;
    switch (step.do) {
      case 'roll':
        this.#roll();
        break;
      case 'snapshot':
        this.#restore();
        break;
      case 'refold':
        this.#refold();
        break;
      default:
        this.#command(step);
    }
  }

  #command(step: CommandStep): void {
    const command = commandOf(step, {
      at: this.#at,
      calls: this.#ledger.calls.map(({ id }) => id),
      open: oracle.openCalls(this.#ledger).map(({ id }) => id),
      swept: this.#ledger.calls.filter(({ status }) => status === 'swept').map(({ id }) => id),
      events: this.#events,
      number: this.#number,
    });
    // What moved something once is told twice; the oracle knows what is not remembered.
    if (this.#decide(command)) this.#decide(command);
  }

  finish(): void {
    this.#refold();
    for (const { state, book } of this.#past) {
      deepStrictEqual(plain(state), JSON.parse(book), 'an old state stays as it was');
    }
    this.#compareProjections();
  }

  /** Whether anything happened. */
  #decide(command: WalletCommand): boolean {
    const expected = decideByOracle(this.#ledger, command);
    const actual = this.#decided(command);
    const told = (outcome: Outcome) => [outcome.refused, ...outcome.effects, ...sums(outcome)];
    deepStrictEqual(told(actual), told(expected), command.type);
    for (const { account, asset, amount } of expected.postings)
      add(this.#accounts, `${account} ${asset}`, amount);
    deepStrictEqual(stateOf(this.#state, this.#at), ledgerOf(this.#ledger, this.#at), command.type);
    return expected.effects.length > 0;
  }

  #decided(command: WalletCommand): Outcome {
    try {
      const events = wallet.decide(command, this.#state).map((event) => this.#record(event));
      return {
        refused: null,
        effects: events.map(effectOf),
        postings: events.flatMap(({ data }) =>
          ('legs' in data ? data.legs : []).map((leg) => ({
            ...leg,
            amount: oracle.units(leg.amount),
          })),
        ),
      };
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      return { refused: error.code, effects: [], postings: [] };
    }
  }

  /** As the log gives it back: through JSON and the schema of its type. */
  #record(decided: WalletEvent): WalletEvent {
    const event: WalletEvent = JSON.parse(JSON.stringify(decided));
    const position = BigInt(this.#recorded.length);
    const read = recorded(event, { position, revision: position, at: this.#at });
    deepStrictEqual(read.data, event.data, 'the schema keeps all of it');
    this.#recorded.push(read);
    this.#stream.push(event);
    this.#events.push(event);
    this.#state = wallet.evolve(this.#state, event);
    return event;
  }

  /** Closes the books and goes on in the next stream, from the closing event alone. */
  #roll(): void {
    if (!this.#state.opened) return;
    const stream = `wallet-test@${this.#streams}`;
    const closed = this.#record(walletBooks.close(this.#state, { stream, at: this.#at }));
    this.#streams += 1;
    deepStrictEqual(walletBooks.next(this.#state), `wallet-test@${this.#streams}`);
    this.#refold();
    this.#stream = [];
    this.#state = wallet.initialState;
    this.#record(walletBooks.open(closed));
  }

  #restore(): void {
    const saved = JSON.stringify(walletBooks.save(this.#state));
    this.#past.push({ state: this.#state, book: saved });
    if (!this.#state.opened) return;
    const restored = walletBooks.restore(JSON.parse(saved));
    deepStrictEqual(plain(restored), JSON.parse(saved), 'the cache keeps all of it');
    if (restored) this.#state = restored;
  }

  /** Without any cache the state is the same. */
  #refold(): void {
    const refolded = this.#stream.reduce(wallet.evolve, wallet.initialState);
    deepStrictEqual(plain(refolded), plain(this.#state), 'a fold without a cache');
    this.#state = { ...refolded, next: this.#state.next };
  }

  #compareProjections(): void {
    const rows = (projection: Projection) => rowsOf(projection, this.#recorded);
    const posted = rows(balance)
      .map(([, asset, all, held]) => `${asset} ${all ?? '0'} ${held ?? '0'}`)
      .filter((row) => !row.endsWith(' 0 0'));
    const expected = assets.map((asset) => {
      const { posted: all, held } = oracle.balanceOf(this.#ledger, asset, this.#at);
      return `${asset} ${oracle.written(all)} ${oracle.written(held)}`;
    });
    deepStrictEqual(posted.sort(), expected.filter((row) => !row.endsWith(' 0 0')).sort());
    const accounts = rows(trialBalance).map(
      ([account, asset, all]) => `${account} ${asset} ${all}`,
    );
    deepStrictEqual(
      accounts.filter((row) => !row.endsWith(' 0')).sort(),
      [...this.#accounts]
        .filter(([, sum]) => sum !== 0n)
        .map(([name, sum]) => `${name} ${oracle.written(sum)}`)
        .sort(),
    );
    const open = rows(openHolds).filter((row) => row.at(-1) === 'true');
    deepStrictEqual(
      open.map(([id]) => id).sort(),
      oracle
        .openCalls(this.#ledger)
        .map(({ id }) => id)
        .sort(),
    );
  }
}

const plain = (state: Wallet | undefined): unknown =>
  JSON.parse(JSON.stringify(state ? toBook(state) : null));

function rowsOf(projection: Projection, events: readonly Recorded[]): (string | null)[][] {
  const { rows, values } = fold(projection, events);
  return Array.from({ length: rows }, (_, row) => values.map((column) => column[row] ?? null));
}

function add(sums: Map<string, bigint>, name: string, amount: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + amount);
}

/** What is posted to each account, and that each asset sums to zero. */
function sums({ postings }: Outcome): readonly string[] {
  const accounts = new Map<string, bigint>();
  const all = new Map<string, bigint>();
  for (const { account, asset, amount } of postings) {
    add(accounts, `${account} ${asset}`, amount);
    add(all, `imbalance of ${asset}`, amount);
  }
  return [...accounts, ...all]
    .filter(([, amount]) => amount !== 0n)
    .map(([name, amount]) => `${name} ${oracle.written(amount)}`)
    .sort();
}

function effectOf(event: WalletEvent): string {
  const { type, data } = event;
  switch (type) {
    case 'WalletPeriodOpened':
    case 'WalletPeriodClosed':
    case 'WalletFrozen':
    case 'WalletUnfrozen':
      return type;
    case 'CreditGranted':
    case 'CreditExpired':
    case 'CreditRevoked':
      return `${type} ${data.lotId} ${data.amount}`;
    case 'CreditReserved':
      return `${type} ${data.call.callId} ${data.asset} ${data.amount} ${data.maxOutput} ${partsOf(data.alloc)}`;
    case 'UsageSettled':
      return `${type} ${data.call.callId} ${data.charge}`;
    case 'ReservationReleased':
    case 'ReservationExpired':
      return `${type} ${data.call.callId}`;
    case 'LateSettlementPosted':
      return `${type} ${data.call.callId} ${data.difference}`;
    case 'LateCostsPosted':
      return `${type} ${data.call.callId}`;
    case 'OverageAccrued':
      return `${type} ${data.callId} ${data.amount} ${data.treatment}`;
    case 'UsageCorrected':
      return `${type} ${data.eventId} ${data.amount}`;
    case 'DebtPaid':
      return `${type} ${data.amount} ${partsOf(data.consumed)}`;
    case 'LimitSet':
      return `${type} ${data.limit.measure} ${data.limit.window} ${data.limit.most}`;
    case 'DenialsCounted':
      return `${type} ${data.minute}`;
    case 'CommandRefused':
      return `${type} ${data.code}`;
  }
}

const partsOf = (parts: readonly { lotId: string | null; amount: string }[]): string =>
  parts.map(({ lotId, amount }) => `${lotId}=${amount}`).join();

function stateOf(state: Wallet, at: string) {
  const known = balances(state, at);
  const counted = [...state.limits.values()].filter(
    ({ measure }) => measure !== 'overdraft' && measure !== 'calls',
  );
  return {
    balances: assets.map((asset) => {
      const found = known.find((each) => each.asset === asset);
      return [found?.posted, found?.held, found?.available].map((n) => canonical(n ?? zero));
    }),
    lots: lotsIn(state).map(({ id, free }) => `${id} ${canonical(free)}`),
    holds: state.holds
      .values()
      .map(
        ({ call, amount, parts }) =>
          `${call.callId} ${canonical(amount)} ${partsOf(parts.map((part) => ({ ...part, amount: canonical(part.amount) })))}`,
      )
      .sort(),
    owed: [canonical(state.owed), canonical(debtOf(state))],
    frozen: state.frozen,
    limits: counted
      .map((limit) => {
        const used = usedIn(state.counters.get(limitKey(limit)), windowOf(limit.window, at));
        return `${limitKey(limit)} ${limit.most} ${canonical(used)}`;
      })
      .sort(),
    rates: ratesNamed.map((rate) => {
      const used = usedIn(state.counters.get(rateKey(rate)), windowOf('minute', at));
      return `${rateKey(rate)} ${canonical(used)}`;
    }),
  };
}

const ratesNamed = (['alias:small', 'alias:large', 'plan:free', 'plan:pro'] as const).flatMap(
  (scope) =>
    (['requests', 'tokens'] as const).map((measure) => ({
      ...{ scope, measure, window: 'minute' as const, most: '0' },
    })),
);

function ledgerOf(ledger: Ledger, at: string): ReturnType<typeof stateOf> {
  const drawn = oracle.drawnOf(ledger);
  const debt = oracle.debtOf(ledger);
  const counted = ledger.limits.filter(
    ({ terms: { measure } }) => measure !== 'overdraft' && measure !== 'calls',
  );
  return {
    balances: assets.map((asset) => {
      const { posted, held, available } = oracle.balanceOf(ledger, asset, at);
      return [posted, held, available].map(oracle.written);
    }),
    lots: [...remainingLots(ledger)],
    holds: oracle
      .openCalls(ledger)
      .map(({ id, amount, parts }) => {
        const held = parts.map((part) => ({
          lotId: part.lot?.id ?? null,
          amount: oracle.written(part.amount),
        }));
        return `${id} ${oracle.written(amount)} ${partsOf(held)}`;
      })
      .sort(),
    owed: [oracle.written(debt + drawn), oracle.written(debt)],
    frozen: ledger.frozen,
    limits: counted
      .map(
        (limit) =>
          `${limitKey(limit.terms)} ${limit.most} ${oracle.written(oracle.useOf(limit, ledger, at))}`,
      )
      .sort(),
    rates: ratesNamed.map(
      (rate) => `${rateKey(rate)} ${oracle.written(oracle.useOfRate(rate, ledger, at))}`,
    ),
  };
}
