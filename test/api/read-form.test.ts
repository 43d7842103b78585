import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { eventually } from '../support/eventually.ts';
import type { PaidCalls } from '../support/paid-calls.ts';
import { endsWith, paidMockFor } from '../support/paid-mock.ts';
import { goodKey, serveV1 } from '../support/v1-server.ts';

const upstream = paidMockFor(test);

const prices = { input: '1', cachedInput: '0.5', output: '3', second: '0.0001', image: '0.04' };

async function served(t: ExecutionContext, mark = ''): Promise<{ url: string; calls: PaidCalls }> {
  const calls = await upstream.on(`whisper-1?input=9${mark}`, { prices, credit: { CNY: '100' } });
  return { url: await serveV1(t, calls), calls };
}

/** What the mock was asked last in one of the tests. */
const askedOf = (mark: string) =>
  upstream.mock.asked.findLast(({ model: name }) => name === `whisper-1?input=9${mark}`);

const type = 'multipart/form-data; boundary=b';
const field = (name: string, value: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (value: string | Buffer, name = 'file') =>
  Buffer.concat([
    Buffer.from(
      `--b\r\ncontent-disposition: form-data; name="${name}"; filename="a.mp3"\r\ncontent-type: audio/mpeg\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
const formOf = (...parts: readonly (string | Buffer)[]) =>
  Buffer.concat([...parts, '--b--\r\n'].map((part) => Buffer.from(part)));

async function post(
  url: string,
  body: Buffer,
  { path = '/audio/transcriptions', sent = type } = {},
) {
  const headers = { authorization: `Bearer ${goodKey}`, 'content-type': sent };
  const response = await fetch(`${url}/v1${path}`, { method: 'POST', headers, body });
  const answer = JSON.parse(await response.text());
  return { status: response.status, code: answer.error?.code, param: answer.error?.param, answer };
}

const model = field('model', 'demo');

test('a form that is broken is refused, and holds nothing', async (t) => {
  const { url, calls } = await served(t);
  const whole = formOf(model, file('sound'));
  const broken: readonly [Buffer, string?][] = [
    [whole.subarray(0, whole.length - 40)],
    [Buffer.from('no form at all')],
    [Buffer.alloc(0)],
    [whole, 'multipart/form-data'],
    [whole, 'multipart/form-data; boundary=other'],
    [formOf(...Array.from({ length: 300 }, (_, n) => field(`f${n}`, 'x')), model, file('sound'))],
    [formOf(model, field('prompt', 'x'.repeat(2 * 1_024 * 1_024)), file('sound'))],
    [formOf(model, ...Array.from({ length: 40 }, (_, n) => file('x', `f${n}`)), file('sound'))],
  ];
  for (const [body, sent = type] of broken) {
    const { status, code } = await post(url, body, { sent }).catch((error) => {
      throw new Error(`${sent} ${body.length}`, { cause: error.cause });
    });
    t.is(status, 400, `${sent} ${body.length}`);
    t.is(code, 'invalid_request');
  }
  t.is((await post(url, whole, { sent: 'application/json' })).status, 415);
  t.false(calls.log.events.some(({ type: each }) => each === 'CreditReserved'));
});

test('a form without what it needs is refused by field', async (t) => {
  const { url } = await served(t);
  const cases: readonly [Buffer, string][] = [
    [formOf(file('sound')), 'model'],
    [formOf(model), 'file'],
    [formOf(model, field('file', 'no file')), 'file'],
    [formOf(model, file('')), 'file'],
    [formOf(model, file('sound'), field('stream', 'perhaps')), 'stream'],
    [formOf(model, file('sound'), field('response_format', 'pdf')), 'response_format'],
  ];
  for (const [body, param] of cases) {
    const refused = await post(url, body);
    t.like(refused, { status: 400, param }, param);
  }
  const path = '/images/edits';
  const asked = [model, field('prompt', 'Hello')];
  t.like(await post(url, formOf(...asked), { path }), { status: 400, param: 'image' });
  const many = formOf(...asked, file('x', 'image'), field('n', '99'));
  t.like(await post(url, many, { path }), { status: 400, param: 'n' });
});

test('a sound of 25 MB passes, a larger one is refused', async (t) => {
  const { url, calls } = await served(t, '&large');
  const most = 25 * 1_024 * 1_024;
  t.is((await post(url, formOf(model, file(Buffer.alloc(most))))).status, 200);
  t.is(askedOf('&large')?.file, most);
  await endsWith(t, calls, 'UsageSettled', { usage: { seconds: 9 } });
  t.is((await post(url, formOf(model, file(Buffer.alloc(most + 1))))).status, 400);
  t.is((await post(url, formOf(model, file(Buffer.alloc(most + 2 ** 21))))).status, 413);
});

test('what stands in a form stays as it is, and names end nothing early', async (t) => {
  const { url } = await served(t, '&odd');
  const odd = field('odd%22; name=%22model', 'a\r\n"b"\n\u0000ü');
  const twice = [field('include[]', 'one'), field('include[]', 'two')];
  t.is((await post(url, formOf(model, odd, ...twice, file('sound')))).status, 200);
  const sent = askedOf('&odd') ?? {};
  t.like(sent, { 'include[]': ['one', 'two'], file: 5 });
  t.true(Object.values(sent).includes('a\r\n"b"\n\u0000ü'));
});

test('a client that leaves in the middle of its form leaves nothing behind', async (t) => {
  const { url, calls } = await served(t);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/audio/transcriptions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${goodKey}\r\n` +
      `content-type: ${type}\r\ncontent-length: 100000\r\n\r\n${model}`,
  );
  await eventually(() => socket.bytesWritten > 0);
  socket.destroy();
  t.is((await post(url, formOf(model, file(Buffer.alloc(9_000))))).status, 200);
  await endsWith(t, calls, 'UsageSettled', { usage: { seconds: 9 } });
});
