import type { CommandContext } from '../../domain/envelope.ts';
import { nameId } from '../../domain/ids.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Place } from './execute.ts';
import type { Log } from './log.ts';
import type { Claimed, OnceState, Reply } from './once-stream.ts';
import { appendOnce, claimedAt, placeOf, readOnceStream } from './once-stream.ts';

/** Something that happens once, whoever asks for it: claimed commands try it one after the other. */
export interface OnceFor {
  /** Its name, e.g. `corrections/<event id>`. */
  readonly what: string;
  /** How one is answered who asks for something else than what was done. */
  readonly otherwise: () => Error;
  /**
   * Keeps a command whose runner seems dead from ever writing: its refusal is written in the place of
   * its events. False: they are there.
   */
  readonly prevent: (command: Unfinished) => Promise<boolean>;
}

/** A command of which nobody says what came of it. */
export interface Unfinished {
  readonly commandId: string;
  readonly claimedAfter: Place;
  readonly again: true;
}

/** What was done, as whoever asks for the same is answered. */
interface Done {
  readonly bodyHash: string;
  readonly reply: Reply;
}

/** A claimed command that wants its turn. */
interface Wanting {
  readonly bodyHash: string;
  readonly claimedAfter: Place;
  readonly context: CommandContext;
}

interface Holder {
  readonly claim: Claimed;
  /** Its command. */
  readonly by: string;
}

export interface TurnsParts {
  readonly log: Pick<Log, 'append' | 'read'>;
  /** A claimed command's stream, once it is over or its runner seems dead. */
  readonly settled: (stream: string, bodyHash: string) => Promise<OnceState>;
}

/** A turn belongs to the command that claims it first, and is over only when that one can't happen any more. */
export function onceTurns({ log, settled }: TurnsParts) {
  async function holderOf(stream: string, wanting: Wanting): Promise<Holder> {
    const { claimedAfter, bodyHash, context } = wanting;
    for (;;) {
      const state = await readOnceStream(log, stream);
      if (state.claim) return { claim: state.claim, by: state.by };
      const data = claimedAt(bodyHash, claimedAfter);
      await appendOnce(log, stream, state, { event: { type: 'CommandClaimed', data }, context });
    }
  }

  /** What somebody else's command has done; null when it never will do anything. */
  async function outcomeOf(
    { claim, by }: Holder,
    { otherwise, prevent }: OnceFor,
    { bodyHash }: Wanting,
  ): Promise<Reply | Unfinished | null> {
    const { reply } = await settled(streamOf.once(by), claim.bodyHash);
    const command = unfinished(by, claim);
    const isRefused = reply ? !isDone(reply) : await prevent(command);
    if (isRefused) return null;
    if (claim.bodyHash !== bodyHash) throw otherwise();
    return reply ?? command;
  }

  return {
    /** What has been done of it; says nothing of what is under way. */
    async done({ what }: OnceFor): Promise<Done | undefined> {
      for (let turn = 0; ; turn += 1) {
        const { claim, by } = await readOnceStream(log, turnOf(what, turn));
        if (!claim) return undefined;
        const { reply } = await readOnceStream(log, streamOf.once(by));
        if (!reply) return undefined;
        if (isDone(reply)) return { bodyHash: claim.bodyHash, reply };
      }
    },

    /** Waits until it is this command's turn (undefined), or somebody else's has done it. */
    async take(
      onceFor: OnceFor,
      wanting: Wanting,
      finish: (command: Unfinished) => Promise<Reply>,
    ): Promise<Reply | undefined> {
      for (let turn = 0; ; turn += 1) {
        const holder = await holderOf(turnOf(onceFor.what, turn), wanting);
        if (holder.by === wanting.context.commandId) return undefined;
        const outcome = await outcomeOf(holder, onceFor, wanting);
        if (outcome) return 'status' in outcome ? outcome : await finish(outcome);
      }
    },
  };
}

/** The first one's name is that of claims before there were turns. */
const turnOf = (what: string, turn: number): string =>
  streamOf.once(nameId(`once/${what}${turn === 0 ? '' : `/${turn}`}`));

const isDone = ({ status }: Reply): boolean => status < 400;

const unfinished = (commandId: string, claim: Claimed): Unfinished => ({
  commandId,
  claimedAfter: placeOf(claim),
  again: true,
});
