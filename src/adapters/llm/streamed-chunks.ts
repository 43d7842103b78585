import type { ChatStream } from './chat-stream.ts';
import { broken } from './chat-stream.ts';
import type { Exchange } from './exchange.ts';
import type { Patience } from './patience.ts';
import { serverSentEvents } from './server-sent-events.ts';
import type { Json } from './upstream.ts';

/** How long the line may take to fall silent after the end mark, so that it can be used again. */
const hangUpMs = 1_000;

/** The chunks of an answer's bytes; it throws unless the answer was whole. */
export async function* streamedChunks(
  body: AsyncIterable<Uint8Array>,
  exchange: Exchange,
  stream: ChatStream,
  idleMs: number,
): AsyncGenerator<readonly Json[]> {
  const reader = chunkReader(body, exchange.patience, stream, idleMs);
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
  clock: Patience,
  stream: ChatStream,
  idleMs: number,
) {
  const bytes = body[Symbol.asyncIterator]();
  const events = serverSentEvents();
  let isWhole = false;
  let fault: unknown;
  let reads = 0;

  /** Before the first token, comments and empty chunks buy no more time. */
  const wait = () => {
    if (stream.begun()) clock.begin(idleMs);
    else if (reads > 0) clock.resume();
    reads += 1;
  };

  /** A connection that fails behind a whole answer takes nothing away from it. */
  const lost = (error: unknown): IteratorReturnResult<undefined> => {
    if (stream.finished()) return { done: true, value: undefined };
    throw error;
  };

  /** What came before a broken event is told before the fault. */
  const chunksOf = (arrived: readonly string[]): readonly Json[] => {
    const chunks: Json[] = [];
    try {
      for (const event of arrived) {
        chunks.push(...stream.read([event]));
        if (stream.ended()) break;
      }
    } catch (error) {
      if (chunks.length === 0) throw error;
      fault = error;
    }
    return chunks;
  };

  return {
    isWhole: () => isWhole,
    async next(): Promise<readonly Json[]> {
      if (fault !== undefined) throw fault;
      wait();
      const { done, value } = await bytes.next().catch(lost);
      clock.pause();
      const chunks = chunksOf(done ? events.end() : events.push(value));
      isWhole = stream.ended() || (done === true && stream.finished());
      if (done && !isWhole) fault ??= broken('The upstream broke off its answer.');
      if (fault !== undefined && chunks.length === 0) throw fault;
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
