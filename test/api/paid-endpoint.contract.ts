import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { TestFn } from 'ava';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { eventually } from '../support/eventually.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { endsWith } from '../support/paid-mock.ts';
import { serveV1 } from '../support/v1-server.ts';

export interface PaidEndpointUnderTest {
  readonly upstream: () => PaidMock;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a request that may write so many tokens. */
  readonly body: (limit: number) => Json;
  /** What of a stream waits for the charge, and with what it ends. */
  readonly held: RegExp;
  readonly end: RegExp;
  /** The code of an error, and those of an upstream that fails or refuses. */
  readonly codeIn: (body: unknown) => string;
  readonly codes: { readonly failed: string; readonly refused: string };
}

/** What every endpoint that streams promises its clients, and those who pay. */
export function paidEndpointContract(
  test: TestFn,
  { upstream, path, headers, body, held, end, codeIn, codes }: PaidEndpointUnderTest,
): void {
  const asked = (limit: number, stream: boolean) => JSON.stringify({ ...body(limit), stream });
  const post = (url: string, init: RequestInit) =>
    fetch(`${url}${path}`, { method: 'POST', headers, ...init });

  test('the last events wait for the charge', async (t) => {
    const calls = await upstream().on('gpt-4o?chunks=3');
    const back = Promise.withResolvers<void>();
    calls.log.next.after = () => {
      calls.log.next.before = () => back.promise;
    };
    const response = await post(await serveV1(t, calls), { body: asked(64, true) });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split(' word').length < 4) text += (await reader?.read())?.value ?? '';
    await eventually(() => calls.log.next.before === undefined);
    t.notRegex(text, held);
    back.resolve();
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      text += next.value;
    }
    t.regex(text, end);
    await endsWith(t, calls, 'UsageSettled', { basis: 'usage' });
  });

  test('a client that hangs up mid-stream is charged what it received', async (t) => {
    const calls = await upstream().on('gpt-4o?chunks=1000&delay=5');
    const client = new AbortController();
    const url = await serveV1(t, calls);
    const response = await post(url, { body: asked(1_000, true), signal: client.signal });
    await response.body?.getReader().read();
    client.abort();
    await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', outcome: 'client_closed' });
  });

  test('a client that reads nothing is cut and charged for what it took', async (t) => {
    const credit = { CNY: '1000' };
    const calls = await upstream().on('gpt-4o?huge=200000&chunks=400', { credit });
    const url = await serveV1(t, calls, { stallMs: 300 });
    const client = httpRequest(`${url}${path}`, { method: 'POST', headers });
    client.on('error', () => undefined);
    client.end(asked(1_000_000, true));
    const [response] = await once(client, 'response');
    response.on('error', () => undefined);
    response.pause();
    await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', outcome: 'timed_out' });
    await eventually(() => upstream().mock.abandoned() > 0);
    client.destroy();
  });

  for (const [how, status, code] of [
    ['status=500', 502, codes.failed],
    ['rubbish=first', 502, codes.failed],
    ['status=400', 400, codes.refused],
  ] as const) {
    test(`an upstream with ${how} is answered ${status}, free, and stays hidden`, async (t) => {
      const calls = await upstream().on(`gpt-4o?${how}`);
      const response = await post(await serveV1(t, calls), { body: asked(64, false) });
      t.is(response.status, status);
      const text = await response.text();
      t.is(codeIn(JSON.parse(text)), code);
      t.notRegex(text, /mock|gpt-4o|127\.0\.0\.1|sk-/);
      await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
    });
  }
}
