import { disguise } from './disguise.ts';
import { isJson } from './json.ts';
import { completeUsage } from './openai-shape.ts';
import type { Relay } from './relay-answer.ts';
import type { Json } from './upstream.ts';

/** Lets a stream's chunks pass, and keeps what must not be given before it is charged. */
interface Tail {
  /** What of a batch may go on at once, disguised and noted as received. */
  take(batch: readonly Json[]): readonly Json[];
  /** Whole things that are kept; they are received, and not delivered. */
  withheld(): number;
  /** The member's characters ended before the answer did. */
  isCut(): boolean;
  /** What the stream said that was used. */
  said(): unknown;
  /** What is kept for the end; with our own count where there is one. */
  end(ours: Json | undefined): readonly Json[];
}

/** As it is charged: a disguise hides what members aren't shown, and changes the top of it in place. */
const asSaid = (said: unknown): unknown => (isJson(said) ? { ...said } : said);

/** Takes the usage out of a stream's chunks: who wants it gets it at the end, in a chunk of its own. */
export function usageTail({ call, mask, received, limit, endpoint }: Relay): Tail {
  let usage: unknown;
  let shown: unknown;
  let isCut = false;
  let last: Json = {};
  let ending: Json | undefined;
  // What an upstream says before the end of a stream that was cut is about less, or about more.
  const said = () => (isCut ? undefined : usage);

  /** Takes a chunk's usage out of it; false when nothing else was in it. */
  const passesOn = (chunk: Json): boolean => {
    if (!chunk.usage) {
      if (!call.wantsUsage && chunk.usage === null) chunk.usage = undefined;
      return true;
    }
    shown = chunk.usage;
    if (Array.isArray(chunk.choices) && chunk.choices.length > 0) {
      chunk.usage = call.wantsUsage ? null : undefined;
      return true;
    }
    ending = chunk;
    return false;
  };
  /** False for the chunk that is kept for the end. */
  const passes = (chunk: Json): boolean => {
    if (isCut) return false;
    if (limit) isCut = limit(chunk);
    received.take(chunk);
    if (chunk.usage) usage = asSaid(chunk.usage);
    disguise(chunk, mask);
    endpoint.complete?.(chunk, { isChunk: true, created: mask.created });
    last = chunk;
    return passesOn(chunk);
  };

  return {
    take: (batch) => batch.filter(passes),
    withheld: () => 0,
    isCut: () => isCut,
    said,
    end: (ours) =>
      call.wantsUsage
        ? [{ ...(ending ?? last), choices: [], usage: ours ?? completeUsage(shown) }]
        : [],
  };
}

/** Keeps the chunk that may be the last one until another one comes, or the end. */
export function lastTail({ mask, received, endpoint }: Relay): Tail {
  let kept: Json | undefined;
  let said: unknown;
  const takeOne = (chunk: Json): readonly Json[] => {
    received.take(chunk);
    said = asSaid(endpoint.saidIn(chunk)) ?? said;
    disguise(chunk, mask);
    const mayBeLast = endpoint.mayBeLast?.(chunk) ?? false;
    const before = kept === undefined ? [] : [kept];
    kept = mayBeLast ? chunk : undefined;
    return mayBeLast ? before : [...before, chunk];
  };
  return {
    take: (batch) => batch.flatMap(takeOne),
    withheld: () => (kept === undefined ? 0 : endpoint.piecesIn(kept)),
    isCut: () => false,
    said: () => said,
    end(ours) {
      if (kept === undefined) return [];
      return [ours === undefined ? kept : { ...kept, usage: ours }];
    },
  };
}
