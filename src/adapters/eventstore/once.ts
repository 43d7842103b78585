import type { CommandContext } from '../../domain/envelope.ts';
import { nameId } from '../../domain/ids.ts';
import { Rejection } from '../../domain/rejection.ts';
import { streamOf } from '../../domain/streams.ts';
import { backOff } from '../back-off.ts';
import type { Place } from './execute.ts';
import type { Log } from './log.ts';
import type { OnceState, Reply } from './once-stream.ts';
import { appendOnce, claimedAt, placeOf, readOnceStream } from './once-stream.ts';
import type { OnceFor } from './once-turns.ts';
import { onceTurns } from './once-turns.ts';

/** A command whose effect must happen once, however often it is asked for. */
export interface Claim {
  /** Who asks for what; a key means something within it only. */
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: string;
  /** Where the streams end that the command writes to; asked for before anybody runs it. */
  readonly place: () => Promise<Place>;
  readonly context: CommandContext;
  /** Throws what keeps it from being claimed; asked while nobody has, and nothing of it is stored. */
  readonly mayClaim?: () => Promise<void>;
  /** What it does happens once, also for those who have other keys. */
  readonly onceFor?: OnceFor;
}

/** What a run of a claimed command must know of it, as the writer's context has it. */
export interface ClaimedRun {
  readonly commandId: string;
  readonly claimedAfter: Place;
  /** Somebody has run it before, and what that one sent may still arrive. */
  readonly again: boolean;
}

/**
 * Runs the command under the id it is given, or finds what was written under it since the claim: events,
 * or that an earlier run again was refused. What it is refused `again` must stand in its stream.
 */
export type RunClaimed = (claimed: ClaimedRun) => Promise<Reply>;

export interface OnceParts {
  readonly log: Pick<Log, 'append' | 'read'>;
  readonly clock: () => Date;
  /** What a refusal is answered with, now and ever after. */
  readonly replyOf: (rejection: Rejection) => Reply;
  /** How long somebody else's run is waited for before it is taken for dead. */
  readonly patienceMs?: number;
}

/** The same claim with the same body gets the same reply; with another body, `idempotency_conflict`. */
export type Once = (
  claim: Claim,
  run: RunClaimed,
) => Promise<Reply & { readonly replayed: boolean }>;

export function once({ log, clock, replyOf, patienceMs = 2_000 }: OnceParts): Once {
  /** Waits while somebody else seems to be at work on the same. */
  async function settled(stream: string, bodyHash: string): Promise<OnceState> {
    const since = performance.now();
    for (let attempt = 0; ; attempt += 1) {
      const state = await readOnceStream(log, stream);
      const waitedMs = Math.max(performance.now() - since, ageOf(state, clock()));
      if (isOver(state, bodyHash) || waitedMs > patienceMs) return state;
      await backOff(attempt, { firstMs: 10, mostMs: 200 });
    }
  }

  /** Says who runs it; whoever ran it before can no more say what came of it. */
  async function take(stream: string, state: OnceState, claim: Claim) {
    const data = state.claim ?? claimedAt(claim.bodyHash, await claim.place());
    const context = { ...claim.context, at: clock().toISOString() };
    const taken = await appendOnce(log, stream, state, {
      event: { type: 'CommandClaimed', data },
      context,
    });
    return taken && { ...taken, claimedAfter: placeOf(data), again: state.claim !== undefined };
  }

  const turns = onceTurns({ log, settled });

  /** A slip uses up neither a key nor what happens once only. */
  async function ask({ onceFor, bodyHash, mayClaim }: Claim): Promise<void> {
    const done = onceFor && (await turns.done(onceFor));
    if (onceFor && done && done.bodyHash !== bodyHash) throw onceFor.otherwise();
    if (!done) await mayClaim?.();
  }

  /** Runs it in its turn, or finds what somebody else's command has done of it. */
  async function perform(
    { onceFor, bodyHash, context }: Claim,
    claimed: ClaimedRun,
    run: RunClaimed,
  ): Promise<Reply> {
    const { claimedAfter } = claimed;
    const wanting = { bodyHash, claimedAfter, context: { ...context, at: clock().toISOString() } };
    const done = onceFor && (await turns.take(onceFor, wanting, run));
    return done ?? (await run(claimed));
  }

  /** One try: the reply, or null when somebody else has taken over meanwhile. */
  async function attempt(claim: Claim, run: RunClaimed) {
    const { commandId } = claim.context;
    const stream = streamOf.once(commandId);
    const state = await settled(stream, claim.bodyHash);
    if (state.claim && state.claim.bodyHash !== claim.bodyHash) {
      throw new Rejection('idempotency_conflict', 'This key was used with another body.');
    }
    if (state.reply) return { ...state.reply, replayed: true };
    if (!state.claim) await ask(claim);
    const taken = await take(stream, state, claim);
    if (!taken) return null;
    const { claimedAfter, again } = taken;
    const claimed = { commandId, claimedAfter, again };
    const reply = await perform(claim, claimed, run).catch(storable(replyOf));
    const context = { ...claim.context, at: clock().toISOString() };
    const done = await appendOnce(log, stream, taken, {
      event: { type: 'CommandDone', data: { reply } },
      context,
    });
    return done && { ...reply, replayed: false };
  }

  return async (claim, run) => {
    const commandId = nameId(`once/${claim.scope}/${claim.key}`);
    const named = { ...claim, context: { ...claim.context, commandId } };
    for (;;) {
      const outcome = await attempt(named, run);
      if (outcome) return outcome;
    }
  };
}

const isOver = ({ claim, reply }: OnceState, bodyHash: string): boolean =>
  reply !== undefined || claim === undefined || claim.bodyHash !== bodyHash;

/** A refusal is an outcome; a fault says nothing. */
const storable = (replyOf: OnceParts['replyOf']) => (error: unknown) => {
  if (error instanceof Rejection) return replyOf(error);
  throw error;
};

const ageOf = ({ at }: OnceState, now: Date): number =>
  at === undefined ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(at);
