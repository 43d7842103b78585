import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Behaviour } from './mock-behaviour.ts';
import { waits } from './mock-behaviour.ts';

/** An answer at once. */
export interface Whole {
  /** JSON, unless it is text already. */
  readonly body: unknown;
  /** Where an answer that breaks off does so; in its middle unless said. */
  readonly half?: (answer: string) => number;
}

/** An answer in pieces, each as it stands on the wire. */
export interface Stream {
  /** Of events, unless said. */
  readonly type?: string;
  readonly begin?: readonly string[];
  readonly count: number;
  /** So many as `count`, made when it is their turn. */
  readonly pieces: Iterable<string>;
  /** Milliseconds behind every piece, beside what the mock is told. */
  readonly gapMs?: number;
  readonly end: readonly string[];
  /** What nobody can read. */
  readonly rubbish: string;
  /** That it fails, said half-way. */
  readonly failure: readonly string[];
}

/** Bytes of streams that were written, and streams that wait for their caller. */
export interface Traffic {
  written: number;
  waiting: number;
}

export async function sendWhole(
  response: ServerResponse,
  { body, half: cutAt }: Whole,
  { hang, rubbish, cut }: Behaviour,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (hang === 'first') return void response.flushHeaders();
  if (rubbish !== 'no') return void response.end('<html>rubbish</html>');
  const answer = typeof body === 'string' ? body : JSON.stringify(body);
  if (hang !== 'mid' && cut === 'no') return void response.end(answer);
  response.write(answer.slice(0, cutAt ? cutAt(answer) : Math.ceil(answer.length / 2)));
  if (hang !== 'mid') await breakOff(response);
}

export async function sendStream(
  response: ServerResponse,
  stream: Stream,
  behaviour: Behaviour,
  traffic: Traffic,
): Promise<void> {
  const { type = 'text/event-stream', begin = [], end } = stream;
  response.writeHead(200, { 'content-type': type });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  const write = writer(response, behaviour, traffic);
  if (behaviour.rubbish === 'first') await write(stream.rubbish);
  for (const event of begin) await write(event);
  if (!(await sendPieces(response, stream, behaviour, write))) return;
  for (const event of end) await write(event);
  if (behaviour.cut === 'late') return breakOff(response);
  response.end();
}

/** Whether all of them were sent. */
async function sendPieces(
  response: ServerResponse,
  stream: Stream,
  behaviour: Behaviour,
  write: Write,
): Promise<boolean> {
  const { count, pieces, gapMs = 0, rubbish } = stream;
  let left = count;
  for (const piece of pieces) {
    if (response.destroyed) return false;
    if (left === Math.floor(count / 2)) {
      if (await stops(response, stream, behaviour, write)) return false;
      if (behaviour.rubbish === 'mid') await write(rubbish);
    }
    await write(piece);
    await waits(behaviour.delay + gapMs, behaviour);
    left -= 1;
  }
  return true;
}

/** Half-way: falls silent or breaks off, if it was told to. */
async function stops(
  response: ServerResponse,
  { failure }: Stream,
  { hang, cut }: Behaviour,
  write: Write,
): Promise<boolean> {
  if (hang === 'mid') return true;
  if (cut === 'no' || cut === 'late') return false;
  if (cut === 'error') for (const event of failure) await write(event);
  if (cut === 'socket') await breakOff(response);
  else response.end();
  return true;
}

/** What came so far is read before the connection is gone. */
async function breakOff(response: ServerResponse): Promise<void> {
  await pause(20);
  response.destroy();
}

type Write = (text: string) => Promise<void>;

function writer(response: ServerResponse, { split }: Behaviour, traffic: Traffic): Write {
  const send = async (bytes: Uint8Array): Promise<void> => {
    traffic.written += bytes.length;
    if (response.write(bytes) || response.destroyed) return;
    traffic.waiting += 1;
    const taken = new AbortController();
    const { signal } = taken;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    taken.abort();
    traffic.waiting -= 1;
  };
  return async (text) => {
    const bytes = Buffer.from(text);
    if (split === 0) return send(bytes);
    for (let from = 0; from < bytes.length && !response.destroyed; from += split) {
      await send(bytes.subarray(from, from + split));
      await nextTurn();
    }
  };
}
