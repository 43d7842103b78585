import type { wallet } from '../../domain/wallet/decider.ts';
import type { Wallet } from '../../domain/wallet/wallet.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import type { OpenCall } from '../llm/journal.ts';
import { resolveAbandoned } from './abandoned.ts';
import type { SweeperParts } from './sweeper.ts';
import { mayJudge } from './sweeper.ts';

export interface OverdueParts extends Omit<SweeperParts, 'wallet'> {
  readonly processId: string;
}

/** Nobody waits longer for what the sweeper does anyway. */
const mostMs = 1_000;
/** Wallets of which it is remembered that they were looked at. */
const mostKnown = 100_000;

/**
 * A wallet's runner that first ends the wallet's overdue holds, when this process meets it for the
 * first time: those of processes that are gone. Whatever stands in the way of that, the command runs.
 */
export function overdueFirst(
  runner: RunnerOf<typeof wallet>,
  parts: OverdueParts,
): RunnerOf<typeof wallet> {
  const looks = new Map<string, Promise<void>>();

  async function look(stream: string): Promise<void> {
    try {
      const { state } = await runner.load(stream);
      const foreign = foreignHolds(state, parts.processId);
      if (foreign.length === 0) return;
      if (!mayJudge(parts.lease)) return forgetSoon(stream);
      const gone = await parts.gone.among(foreign);
      if (gone.length === 0 || !mayJudge(parts.lease)) return;
      const resolved = await resolveAbandoned({ ...parts, wallet: runner }, gone);
      parts.log.info({ resolved, stream }, 'overdue holds were resolved');
    } catch (err) {
      parts.log.debug({ err, stream }, 'overdue holds are left to the sweeper');
      forgetSoon(stream);
    }
  }
  const forgetSoon = (stream: string) => {
    setTimeout(() => looks.delete(stream), mostMs).unref();
  };

  function lookOnce(stream: string): Promise<void> {
    const known = looks.get(stream);
    if (known !== undefined) return known;
    if (looks.size >= mostKnown) looks.clear();
    const looked = atMost(look(stream));
    looks.set(stream, looked);
    return looked;
  }

  return {
    async run(stream, command, context) {
      await lookOnce(stream);
      return runner.run(stream, command, context);
    },
    async load(stream) {
      await lookOnce(stream);
      return runner.load(stream);
    },
  };
}

async function atMost(work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, mostMs);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}

function foreignHolds({ holds, opened }: Wallet, processId: string): readonly OpenCall[] {
  if (!opened) return [];
  return [...holds.values()]
    .filter((hold) => hold.processId !== processId)
    .map(({ call, at, ...hold }) => ({
      callId: call.callId,
      walletId: opened.walletId,
      processId: hold.processId,
      requestId: call.requestId,
      beganAt: at,
    }));
}
