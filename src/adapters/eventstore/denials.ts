import type { Logger } from 'pino';
import { streamOf } from '../../domain/streams.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { RunnerOf } from './execute.ts';
import { OutcomeUnknown } from './execute.ts';

export interface DenialsParts {
  readonly wallet: Pick<RunnerOf<typeof wallet>, 'run'>;
  readonly processId: string;
  readonly clock: () => Date;
  readonly log: Logger;
}

export interface Denials {
  /** A call was refused. */
  refused(walletId: string, code: string): void;
  /** Writes the minutes that are over. */
  flush(): Promise<void>;
  /** Writes what there is. */
  close(): Promise<void>;
}

interface Minute {
  readonly walletId: string;
  readonly minute: string;
  readonly codes: Map<string, number>;
}

const minuteMs = 60_000;
/** Wallets and minutes that are kept; more than that are not told apart from an attack. */
const mostMinutes = 20_000;
const inParallel = 16;

/** Counts refused calls, so that a flood of them becomes one event a wallet and minute. */
export function denials({ wallet, processId, clock, log }: DenialsParts): Denials {
  const minutes = new Map<string, Minute>();
  const thisMinute = () =>
    new Date(Math.floor(clock().getTime() / minuteMs) * minuteMs).toISOString();

  async function write({ walletId, minute, codes }: Minute): Promise<void> {
    await wallet.run(
      streamOf.wallet(walletId),
      (at) => ({
        type: 'CountDenials',
        minute,
        denials: [...codes].map(([code, count]) => ({ code, count })),
        at,
      }),
      {
        commandId: `${walletId}/denials/${minute}/${processId}`,
        correlationId: `denials/${minute}`,
        actor: { type: 'system', id: 'denials' },
        at: clock().toISOString(),
        source: 'api',
      },
    );
  }

  async function writeOrKeep(key: string, entry: Minute): Promise<void> {
    try {
      await write(entry);
    } catch (err) {
      log.warn({ err, wallet: entry.walletId }, 'refused calls could not be counted');
      // Rather not at all than twice.
      if (!(err instanceof OutcomeUnknown)) keep(key, entry);
    }
  }

  /** What was refused in the same minute meanwhile is added. */
  function keep(key: string, { codes, ...entry }: Minute): void {
    const sum = new Map(minutes.get(key)?.codes);
    for (const [code, count] of codes) sum.set(code, (sum.get(code) ?? 0) + count);
    minutes.set(key, { ...entry, codes: sum });
  }

  /** Before anything is awaited, so that nobody else writes it too. */
  function takeOut(isDue: (entry: Minute) => boolean): readonly (readonly [string, Minute])[] {
    const due = [...minutes].filter(([, entry]) => isDue(entry));
    for (const [key] of due) minutes.delete(key);
    return due;
  }

  async function writeDue(isDue: (entry: Minute) => boolean): Promise<void> {
    const due = takeOut(isDue);
    for (let from = 0; from < due.length; from += inParallel) {
      const some = due.slice(from, from + inParallel);
      await Promise.all(some.map(([key, entry]) => writeOrKeep(key, entry)));
    }
  }

  /** One after the other: what one couldn't write the next one has again. */
  let writing = Promise.resolve();
  const inTurn = (isDue: (entry: Minute) => boolean) => {
    writing = writing.then(() => writeDue(isDue));
    return writing;
  };
  const flush = () => {
    const now = thisMinute();
    return inTurn(({ minute }) => minute < now);
  };
  const timer = setInterval(() => void flush(), minuteMs);
  timer.unref();

  return {
    refused(walletId, code) {
      const minute = thisMinute();
      const key = `${walletId} ${minute}`;
      let entry = minutes.get(key);
      if (!entry) {
        if (minutes.size >= mostMinutes) return;
        entry = { walletId, minute, codes: new Map() };
        minutes.set(key, entry);
      }
      entry.codes.set(code, (entry.codes.get(code) ?? 0) + 1);
    },
    flush,
    async close() {
      clearInterval(timer);
      await inTurn(() => true);
    },
  };
}
