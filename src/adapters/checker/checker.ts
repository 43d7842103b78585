import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import type { Finding, Invariant } from '../../domain/wallet/finding.ts';
import { listImbalances } from '../../projections/trial-balance.ts';
import type { Log } from '../eventstore/log.ts';
import { scheduled } from '../postgres/scheduled.ts';
import { findingsBook } from './findings-book.ts';
import { logNews } from './log-news.ts';
import { rememberedChecks } from './remembered-checks.ts';
import { rotation } from './rotation.ts';
import { walletCheck } from './wallet-check.ts';

export interface CheckerState {
  /** When the last run ended; null: none has. */
  readonly ranAt: Date | null;
  readonly tookMs: number;
  /** Wallets that the last run looked at. */
  readonly wallets: number;
  /** When the last pass over all wallets, from their first event, was complete. */
  readonly completeAt: Date | null;
  readonly differences: Readonly<Record<Invariant, number>>;
  readonly findings: readonly Finding[];
}

export interface Checker {
  state(): CheckerState;
  /** One run, at once; one that is going on is waited for. */
  run(): Promise<CheckerState>;
  /** Runs every ten minutes until it is closed. */
  start(): void;
  close(): Promise<void>;
}

export interface CheckerParts {
  readonly eventLog: Pick<Log, 'head' | 'read' | 'subscribe'>;
  readonly pool: DatabasePool;
  readonly clock: () => Date;
  readonly log: Logger;
  /** How much one run may do. */
  readonly bounds?: Partial<Bounds>;
}

interface Bounds {
  /** Of the part of the log that is new since the last run. */
  readonly events: number;
  /** Of the pass over all wallets. */
  readonly wallets: number;
  readonly ms: number;
  /** That stay in memory, so that a wallet's next events are checked without reading all of them again. */
  readonly remembered: number;
}

const usualBounds: Bounds = { events: 200_000, wallets: 1_000, ms: 60_000, remembered: 200_000 };

/**
 * Compares the log with itself and with the read models. It reads what is new since its last run,
 * and goes through all wallets from their first event, a part a run. It only ever looks and tells.
 */
export function checker(parts: CheckerParts): Checker {
  const { eventLog, pool, clock, log } = parts;
  const bounds = { ...usualBounds, ...parts.bounds };
  const found = findingsBook(log);
  const news = logNews(eventLog, bounds.events);
  const closing = new AbortController();
  const { signal } = closing;
  const looking = { log: eventLog, pool, signal };
  const remembered = rememberedChecks(looking, bounds.remembered);
  let last: Pick<CheckerState, 'ranAt' | 'tookMs' | 'wallets'> = {
    ...{ ranAt: null, tookMs: 0, wallets: 0 },
  };
  let running: Promise<CheckerState> | undefined;
  let stop = () => {};

  async function anew(walletId: string): Promise<void> {
    const { findings, unjudged } = await walletCheck(walletId, looking).run();
    found.replace(walletId, findings);
    if (unjudged === null) return;
    log.warn({ wallet: walletId, reason: unjudged }, 'a wallet was not checked');
  }

  const pass = rotation({ pool, clock, most: bounds.wallets, take: anew });

  async function runOnce(): Promise<CheckerState> {
    const since = performance.now();
    const mayGoOn = () => performance.now() - since < bounds.ms && !signal.aborted;
    const suspects = found.wallets();
    const { touched, findings } = await news(signal);
    found.add(null, findings);
    for (const [walletId, stream] of touched) {
      found.add(walletId, await remembered.goOn(walletId, stream));
    }
    // Whatever has been put right is not told for longer than need be.
    for (const walletId of suspects) if (mayGoOn()) await anew(walletId);
    found.replace('trial balance', imbalances(await pool.any(listImbalances())));
    const rotated = await pass.go(mayGoOn);
    const wallets = touched.size + suspects.length + rotated;
    last = { ranAt: clock(), tookMs: performance.now() - since, wallets };
    log.info({ wallets, ms: Math.round(last.tookMs), findings: found.all().length }, 'checked');
    return state();
  }

  const state = (): CheckerState => {
    const findings = found.all();
    return { ...last, completeAt: pass.completeAt(), findings, differences: countsOf(findings) };
  };
  const run = () => {
    running ??= runOnce().finally(() => (running = undefined));
    return running;
  };
  return {
    state,
    run,
    start() {
      stop = scheduled({ name: 'checker', when: '30 */10 * * * *', work: run, log });
    },
    async close() {
      stop();
      closing.abort();
      await running?.catch(() => {});
    },
  };
}

export const imbalances = (
  rows: readonly { readonly asset: string; readonly difference: string }[],
): readonly Finding[] =>
  rows.map(({ asset, difference }) => ({
    invariant: 'I1',
    wallet: null,
    eventId: null,
    position: null,
    what: `The trial balance has ${difference} ${asset} too much.`,
  }));

export function countsOf(findings: readonly Finding[]): Readonly<Record<Invariant, number>> {
  const counts: Record<Invariant, number> = {
    ...{ I1: 0, I2: 0, I3: 0, I4: 0, I5: 0, I6: 0, I7: 0, I8: 0, books: 0 },
  };
  for (const { invariant } of findings) counts[invariant] += 1;
  return counts;
}
