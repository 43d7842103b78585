import type { AnswerStream } from './answer-stream.ts';
import { broken, unusable } from './call-fault.ts';
import type { Exchange } from './exchange.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { SilenceLimit } from './silence-limit.ts';
import type { Json } from './upstream.ts';

/** Turns bytes into chunks and knows whether the answer they make is whole. */
export interface Reading {
  push(bytes: Uint8Array): readonly Json[];
  /** No more bytes come. */
  end(): readonly Json[];
  /** Something of the answer is here. */
  begun(): boolean;
  /** Its end mark is here. */
  ended(): boolean;
  /** It is whole even without one. */
  finished(): boolean;
  /** What is wrong with what came behind the chunks that were given; undefined: nothing. */
  fault(): unknown;
}

/** Reads bytes as server-sent events, and those as chunks of an answer; a fault ends what came before it. */
export function eventsReading({ read, end, begun, ended, finished }: AnswerStream): Reading {
  const events = serverSentEvents();
  let fault: unknown;
  const chunksOf = (arrived: () => readonly string[]): readonly Json[] => {
    const chunks: Json[] = [];
    try {
      for (const event of arrived()) {
        chunks.push(...read([event]));
        if (ended()) break;
      }
    } catch (error) {
      fault = error;
    }
    return chunks;
  };
  return {
    push: (bytes) => chunksOf(() => events.push(bytes)),
    end: () => {
      const chunks = chunksOf(() => events.end());
      return fault === undefined ? [...chunks, ...(end?.() ?? [])] : chunks;
    },
    fault: () => fault,
    ...{ begun, ended, finished },
  };
}

/** What is no text stays as it is, a `{ bytes }` a piece; it is whole when the line says so. */
export function bytesReading(type: unknown): Reading {
  if (/^(text\/|application\/json)/i.test(String(type))) {
    throw unusable();
  }
  let isBegun = false;
  let isEnded = false;
  return {
    push(bytes) {
      isBegun ||= bytes.length > 0;
      return bytes.length > 0 ? [{ bytes }] : [];
    },
    end() {
      isEnded = true;
      return [];
    },
    begun: () => isBegun,
    ended: () => false,
    finished: () => isEnded && isBegun,
    fault: () => undefined,
  };
}

/** No whole answer is larger; a server that sends more is broken. */
export const mostBodyBytes = 64 * 1_024 * 1_024;

/** One chunk, once all of a text is there. */
export function wholeReading(chunkOf: (text: string) => Json): Reading {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let length = 0;
  let isEnded = false;
  return {
    push(bytes) {
      length += bytes.length;
      if (length > mostBodyBytes) throw broken('The upstream failed.');
      texts.push(decoder.decode(bytes, { stream: true }));
      return [];
    },
    end() {
      isEnded = true;
      return [chunkOf(texts.join(''))];
    },
    begun: () => texts.length > 0,
    ended: () => false,
    finished: () => isEnded,
    fault: () => undefined,
  };
}

/** How long the line may take to fall silent after the end mark, so that it can be used again. */
const hangUpMs = 1_000;

/** The chunks of an answer's bytes; it throws unless the answer was whole. */
export async function* streamedChunks(
  body: AsyncIterable<Uint8Array>,
  exchange: Exchange,
  reading: Reading,
  idleMs: number,
): AsyncGenerator<readonly Json[]> {
  const reader = chunkReader(body, exchange.silence, reading, idleMs);
  try {
    while (!reader.isWhole()) {
      const chunks = await reader.next();
      if (chunks.length > 0) yield chunks;
    }
  } catch (error) {
    throw exchange.faultOf(error);
  } finally {
    if (reader.isWhole()) reader.hangUp(exchange.end);
    else {
      exchange.end();
      exchange.abort();
    }
  }
}

/** Reads batch by batch; the upstream's clock runs only while a read waits. */
function chunkReader(
  body: AsyncIterable<Uint8Array>,
  clock: SilenceLimit,
  reading: Reading,
  idleMs: number,
) {
  const bytes = body[Symbol.asyncIterator]();
  let isWhole = false;
  /** What came before a broken event is told before it. */
  let fault: unknown;
  let reads = 0;

  /** Before the first token, comments and empty chunks buy no more time. */
  const wait = () => {
    if (reading.begun()) clock.begin(idleMs);
    else if (reads > 0) clock.resume();
    reads += 1;
  };

  /** A connection that fails behind a whole answer takes nothing away from it. */
  const lost = (error: unknown): IteratorReturnResult<undefined> => {
    if (reading.finished()) return { done: true, value: undefined };
    throw error;
  };

  const refuse = () => {
    if (fault !== undefined) throw fault;
  };

  return {
    isWhole: () => isWhole,
    async next(): Promise<readonly Json[]> {
      refuse();
      wait();
      const { done, value } = await bytes.next().catch(lost);
      clock.pause();
      const chunks = done ? reading.end() : reading.push(value);
      fault = reading.fault();
      isWhole = fault === undefined && (reading.ended() || (done === true && reading.finished()));
      if (done && !isWhole) fault ??= broken('The upstream broke off its answer.');
      if (chunks.length === 0) refuse();
      return chunks;
    },
    /** Reads the few bytes behind the end mark, so that the connection can serve another call. */
    hangUp(end: () => void): void {
      clock.begin(hangUpMs);
      const rest = async () => {
        while (!(await bytes.next()).done);
      };
      rest().then(end, end);
    },
  };
}
