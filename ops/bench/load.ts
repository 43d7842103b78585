import { Pool } from 'undici';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** The bearer key of the n-th connection. */
  readonly keyOf: (connection: number) => string;
  readonly body: string;
}

export interface LoadResult {
  readonly complete: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Asks on each connection, one request after the other, until the time is over. */
export async function putLoad({
  url,
  connections,
  seconds,
  keyOf,
  body,
}: Load): Promise<LoadResult> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies: number[] = [];
  let failed = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const ask = async (connection: number) => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${keyOf(connection)}`,
    };
    while (performance.now() < end) {
      const asked = performance.now();
      const { statusCode, body: answer } = await pool.request({
        path: '/v1/chat/completions',
        method: 'POST',
        headers,
        body,
      });
      await answer.text();
      if (statusCode === 200) latencies.push(performance.now() - asked);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => ask(index)));
  const took = (performance.now() - start) / 1000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const quantile = (part: number) => latencies[Math.floor((latencies.length - 1) * part)] ?? 0;
  return {
    complete: latencies.length,
    failed,
    perSecond: latencies.length / took,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}
