import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { streamOf } from '../../domain/streams.ts';
import type { Treatment } from '../../domain/wallet/call-events.ts';
import type { Ending } from '../../domain/wallet/commands.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import { costsFound } from '../llm/call-costs.ts';
import type { OpenCall, Taken, Testimony } from '../llm/journal.ts';
import type { Seldom } from '../seldom.ts';

export interface AbandonedParts {
  readonly wallet: Pick<RunnerOf<typeof wallet>, 'run'>;
  readonly testimony: Testimony;
  /** Who bears what a call consumed beyond its hold. */
  readonly overrun: Treatment;
  readonly clock: () => Date;
  readonly log: Logger;
  /** For whoever comes upon the same calls again and again. */
  readonly isNews?: Seldom;
}

const inParallel = 16;

/**
 * Ends the holds of processes that are gone, by what the journal has of their calls; returns how many
 * were open. Idempotent: a hold that was resolved meanwhile decides nothing.
 */
export async function resolveAbandoned(
  parts: AbandonedParts,
  calls: readonly OpenCall[],
): Promise<number> {
  const known = await parts.testimony.take(calls);
  const through: string[] = [];
  let resolved = 0;
  for (let from = 0; from < calls.length; from += inParallel) {
    const some = calls.slice(from, from + inParallel);
    const done = await Promise.all(
      some.map((call) => resolve(parts, call, known.get(call.callId))),
    );
    for (const [index, events] of done.entries()) {
      const callId = some[index]?.callId;
      if (events === undefined || callId === undefined) continue;
      through.push(callId);
      if (events > 0) resolved += 1;
    }
  }
  await parts.testimony.resolved(through);
  return resolved;
}

/** A call that died before its first note: its hold says what it may cost. */
const unnoted = { costs: [], possibleCosts: null };

/** How many events it took; undefined: it is tried again later. */
async function resolve(
  { wallet, overrun, clock, log, isNews = () => true }: AbandonedParts,
  { callId, walletId, requestId, beganAt }: OpenCall,
  known: Taken | 'unreadable' | undefined,
): Promise<number | undefined> {
  if (known === 'unreadable') return undefined;
  const evidence = known?.counted ?? null;
  const unknown: Ending = {
    outcome: 'abandoned',
    upstream: known?.asked.at(-1)?.upstream ?? null,
    upstreamModel: known?.asked.at(-1)?.model ?? null,
    latencyMs: Math.max(0, clock().getTime() - Date.parse(beganAt)),
    firstTokenMs: null,
  };
  const ending = evidence && known ? known.ending : unknown;
  const found = known ? costsFound(known.asked, evidence) : unnoted;
  try {
    const { events } = await wallet.run(
      streamOf.wallet(walletId),
      (at) => ({
        type: 'ResolveAbandoned',
        callId,
        evidence,
        ending,
        ...found,
        overrun,
        at,
      }),
      {
        // Of two processes that sweep the same hold, none may take the other's event for its own.
        commandId: `${callId}/expire/${randomUUID()}`,
        correlationId: requestId,
        actor: { type: 'system', id: 'sweeper' },
        at: clock().toISOString(),
        source: 'sweeper',
      },
    );
    return events.length;
  } catch (err) {
    if (isNews(callId)) {
      log.warn(
        { err, call: callId, wallet: walletId },
        'an abandoned hold could not be resolved yet',
      );
    }
    return undefined;
  }
}
