import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { openAiUpstream } from '../../../src/adapters/llm/openai.ts';
import { readChat } from '../../support/asking.ts';
import { serving } from '../../support/serving.ts';

const answer = { choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there.' } }] };
const text = JSON.stringify(answer);
const shortMs = 1_000;
/** No test waits for it. */
const longMs = 3_600_000;

type Timeouts = Readonly<Record<'firstTokenMs' | 'wholeMs' | 'idleMs', number>>;

/** A whole answer of a server that sends what it likes behind its head. */
async function asked(
  t: ExecutionContext,
  timeouts: Timeouts,
  send: (response: ServerResponse) => Promise<void>,
) {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    void send(response);
  });
  const { url, close } = await serving(server);
  const upstream = openAiUpstream({
    ...{ id: 'one', baseUrl: `${url}/v1`, apiKey: 'key', outputLimit: 'max_tokens' },
    timeouts: { connectMs: 5_000, ...timeouts },
  });
  t.teardown(async () => {
    await upstream.close();
    await close();
  });
  return readChat(upstream, 'm');
}

/** Piece by piece, each in less time than any clock here has. */
async function drip(response: ServerResponse, pieces: Iterable<string>) {
  for (const piece of pieces) {
    response.write(piece);
    await pause(100);
  }
}

const inPieces = text.match(/.{1,4}/g) ?? [];

test.serial('a whole answer takes as long as its bytes keep coming', async (t) => {
  t.true(inPieces.length * 100 > shortMs);
  const timeouts = { firstTokenMs: shortMs, wholeMs: shortMs, idleMs: shortMs };
  const said = await asked(t, timeouts, async (response) => {
    await drip(response, inPieces);
    response.end();
  });
  t.like(said[0], answer);
});

test.serial('who sends a head and then thinks is waited for as before it', async (t) => {
  const timeouts = { firstTokenMs: shortMs, wholeMs: longMs, idleMs: shortMs };
  const said = await asked(t, timeouts, async (response) => {
    await pause(1.5 * shortMs);
    response.end(text);
  });
  t.like(said[0], answer);
});

test.serial('a whole answer that has begun may not fall silent', async (t) => {
  const timeouts = { firstTokenMs: longMs, wholeMs: longMs, idleMs: shortMs };
  const fault = await t.throwsAsync(
    asked(t, timeouts, (response) => drip(response, inPieces.slice(0, 3))),
    { instanceOf: CallFault },
  );
  t.is(fault?.code, 'upstream_timed_out');
});

test.serial('blanks before a whole answer buy no more time', async (t) => {
  const timeouts = { firstTokenMs: longMs, wholeMs: shortMs, idleMs: longMs };
  const fault = await t.throwsAsync(
    asked(t, timeouts, async (response) => {
      while (!response.destroyed) await drip(response, ['\n']);
    }),
    { instanceOf: CallFault },
  );
  t.is(fault?.code, 'upstream_timed_out');
});
