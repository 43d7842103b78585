import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { streamOf } from '../../domain/streams.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import { walletsToExpire } from '../../projections/lots.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import { scheduled } from './scheduled.ts';

export interface ExpiryParts {
  readonly pool: DatabasePool;
  readonly wallet: Pick<RunnerOf<typeof wallet>, 'run'>;
  readonly clock: () => Date;
  readonly log: Logger;
}

export interface Expiry {
  /** Writes down the ends that are due; returns how many lots ended. */
  expire(): Promise<number>;
  /** Every minute until it is closed. */
  start(): void;
  close(): Promise<void>;
}

const mostAtOnce = 1_000;

/**
 * Writes down the end of lots whose time is over. Nothing depends on when: a lot is unusable from its
 * expiry on, and a wallet that the read model is late with decides nothing.
 */
export function expiry({ pool, wallet, clock, log }: ExpiryParts): Expiry {
  let expiring: Promise<number> | undefined;
  let stop = () => {};

  async function expireIn(walletId: string, now: string): Promise<number> {
    const { events } = await wallet.run(
      streamOf.wallet(walletId),
      (at) => ({ type: 'ExpireLots', at }),
      {
        commandId: `${walletId}/expire-lots/${randomUUID()}`,
        correlationId: `expire-lots/${now}`,
        actor: { type: 'system', id: 'expiry' },
        at: now,
        source: 'scheduler',
      },
    );
    return events.filter(({ type }) => type === 'CreditExpired').length;
  }

  async function expireDue(): Promise<number> {
    const now = clock().toISOString();
    const due = await pool.any(walletsToExpire(now, mostAtOnce));
    let ended = 0;
    for (const { wallet_id: walletId } of due) {
      try {
        ended += await expireIn(walletId, now);
      } catch (err) {
        log.warn({ err, wallet: walletId }, 'lots could not be expired yet');
      }
    }
    if (ended > 0) log.info({ ended }, 'lots have expired');
    return ended;
  }

  const expire = () => {
    expiring ??= expireDue().finally(() => (expiring = undefined));
    return expiring;
  };
  return {
    expire,
    start() {
      stop = scheduled({ name: 'expiring lots', when: '7 * * * * *', work: expire, log });
    },
    async close() {
      stop();
      await expiring?.catch(() => {});
    },
  };
}
