import { Pool } from 'undici';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headersOf: (connection: number) => Readonly<Record<string, string>>;
  readonly body: string;
  /** Events that a whole stream has, its end mark included; null for an answer in one body. */
  readonly events: number | null;
}

export interface LoadResult {
  readonly complete: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Until the first piece of the answer. */
  readonly first: Quantiles;
  /** Until all of it was there. */
  readonly whole: Quantiles;
}

interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Asks on each connection, one request after the other, until the time is over. */
export async function putLoad(load: Load): Promise<LoadResult> {
  const { url, connections, seconds, headersOf, body, events } = load;
  const pool = new Pool(url, { connections, pipelining: 1 });
  const first: number[] = [];
  const whole: number[] = [];
  let failed = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const ask = async (connection: number) => {
    const headers = { 'content-type': 'application/json', ...headersOf(connection) };
    while (performance.now() < end) {
      const asked = performance.now();
      const answer = await pool.request({
        path: '/v1/chat/completions',
        method: 'POST',
        headers,
        body,
      });
      const { firstAt, isWhole } = await taken(answer.body, events);
      if (answer.statusCode === 200 && isWhole) {
        first.push(firstAt - asked);
        whole.push(performance.now() - asked);
      } else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => ask(index)));
  const took = (performance.now() - start) / 1000;
  await pool.close();
  const complete = whole.length;
  return {
    complete,
    failed,
    perSecond: complete / took,
    first: quantilesOf(first),
    whole: quantilesOf(whole),
  };
}

/** Reads an answer to its end and counts its events; 0 for `firstAt` when nothing came. */
export async function taken(body: AsyncIterable<Uint8Array>, events: number | null) {
  let firstAt = 0;
  const counter = eventCounter();
  for await (const bytes of body) {
    firstAt ||= performance.now();
    if (events !== null) counter.take(bytes);
  }
  const seen = counter.seen();
  return { firstAt, isWhole: firstAt > 0 && (events === null || seen === events), seen };
}

const lineEnd = 10;

/** An event ends with an empty line. */
function eventCounter() {
  let seen = 0;
  let isLineEmpty = false;
  return {
    seen: () => seen,
    take(bytes: Uint8Array) {
      for (const byte of bytes) {
        if (byte !== lineEnd) isLineEmpty = false;
        else if (isLineEmpty) seen += 1;
        else isLineEmpty = true;
      }
    },
  };
}

function quantilesOf(latencies: number[]): Quantiles {
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}
