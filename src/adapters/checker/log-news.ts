import { onceAudit } from '../../domain/once/audit.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Finding } from '../../domain/wallet/finding.ts';
import type { Log } from '../eventstore/log.ts';
import { readOn } from './read-on.ts';

/** The wallet that a stream is of; undefined for other streams. */
export const walletOf = (stream: string): string | undefined =>
  /^wallet-([0-9a-f-]{36})@\d+$/.exec(stream)?.[1];

const prefixes: readonly string[] = ['wallet-', streamOf.once('')];

interface News {
  /** Wallets with new events, and the first stream that has some: it begins with a state of its own. */
  readonly touched: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** Says, each time it is asked, what the log has that is new; what was there before the first time is not. */
export function logNews(eventLog: Pick<Log, 'head' | 'subscribe'>, most: number) {
  const once = onceAudit();
  let after: bigint | null | undefined;

  return async (signal: AbortSignal): Promise<News> => {
    after ??= await eventLog.head();
    const touched = new Map<string, string>();
    const findings: Finding[] = [];
    const part = { after, prefixes, signal };
    let left = most;
    for await (const event of readOn(eventLog, part)) {
      const walletId = walletOf(event.stream);
      if (walletId === undefined) findings.push(...once.take(event));
      else touched.set(walletId, touched.get(walletId) ?? event.stream);
      after = event.position;
      left -= 1;
      if (left === 0) break;
    }
    return { touched, findings };
  };
}
