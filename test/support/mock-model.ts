import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { z } from 'zod';
import type { Behaviour } from './mock-behaviour.ts';
import { waits } from './mock-behaviour.ts';
import type { Stream, Traffic, Whole } from './mock-sending.ts';
import { sendStream, sendWhole } from './mock-sending.ts';
import { serving } from './serving.ts';

/** How a kind of upstream speaks; how it is served, slowed and broken is the same for all. */
export interface Tongue<Body extends Asked, How extends Behaviour> {
  readonly behaviour: z.ZodType<How>;
  /** What is asked, or how what nobody could answer is refused; throwing breaks the connection. */
  read(request: Received): Read<Body, How> | Promise<Read<Body, How>>;
  /** The body of an error. */
  error(behaviour: How): unknown;
  streams(mock: Case<Body, How>): boolean;
  whole(mock: Case<Body, How>): Whole;
  stream(mock: Case<Body, How>): Stream;
}

interface Asked {
  /** With how the mock behaves behind it. */
  readonly model: string;
}

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

type Read<Body, How> = { readonly body: Body } | { readonly refused: Partial<How> };

/** What a request has the mock do. */
export interface Case<Body extends Asked, How extends Behaviour> {
  readonly path: string;
  readonly body: Body;
  /** Of the model, without how it behaves. */
  readonly name: string;
  readonly behaviour: How;
}

export interface MockModel<Body> {
  /** A base URL, with the version that the tongue speaks of behind it. */
  readonly url: string;
  /** Every request's body, in order. */
  readonly asked: readonly Body[];
  /** What the judge said of them. */
  readonly complaints: readonly string[];
  /** Answers that were sent to their end. */
  completed(): number;
  /** Connections that the caller gave up while the mock still answered. */
  abandoned(): number;
  /** Bytes of streams that were given to connections. */
  written(): number;
  /** Streams whose caller takes no more for now. */
  waiting(): number;
  close(): Promise<void>;
}

export interface MockOptions {
  /** Says what is wrong with a request; that is kept in `complaints`. */
  readonly judge?: (body: unknown) => readonly string[];
}

/** A real HTTP server that speaks a tongue, well or badly. */
export async function startMockModel<Body extends Asked, How extends Behaviour>(
  tongue: Tongue<Body, How>,
  { judge = () => [] }: MockOptions = {},
): Promise<MockModel<Body>> {
  const asked: Body[] = [];
  const complaints: string[] = [];
  const traffic: Traffic = { written: 0, waiting: 0 };
  const times = new Map<string, number>();
  const note = (body: Body): number => {
    complaints.push(...judge(body));
    asked.push(body);
    const time = (times.get(body.model) ?? 0) + 1;
    times.set(body.model, time);
    return time;
  };
  let completed = 0;
  let abandoned = 0;
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (response.writableFinished) completed += 1;
      else abandoned += 1;
    });
    respond(request, response, { tongue, note, traffic }).catch((error) => response.destroy(error));
  });
  return {
    ...(await serving(server)),
    asked,
    complaints,
    completed: () => completed,
    abandoned: () => abandoned,
    written: () => traffic.written,
    waiting: () => traffic.waiting,
  };
}

interface Served<Body extends Asked, How extends Behaviour> {
  readonly tongue: Tongue<Body, How>;
  /** Which request for its model it is, from 1. */
  readonly note: (body: Body) => number;
  readonly traffic: Traffic;
}

async function respond<Body extends Asked, How extends Behaviour>(
  request: IncomingMessage,
  response: ServerResponse,
  { tongue, note, traffic }: Served<Body, How>,
): Promise<void> {
  const { url: path = '', headers } = request;
  const bytes = Buffer.concat(await Array.fromAsync(request));
  const read = await tongue.read({ path, headers, bytes });
  if ('refused' in read) {
    return refuse(response, tongue, { ...tongue.behaviour.parse({}), ...read.refused });
  }
  const { body } = read;
  const time = note(body);
  const [name = '', options = ''] = body.model.split('?');
  const behaviour = tongue.behaviour.parse(Object.fromEntries(new URLSearchParams(options)));
  if (behaviour.hang === 'headers') return;
  await waits(behaviour.latency, behaviour);
  const { status, fails } = behaviour;
  if (status !== 200 && time <= fails) return refuse(response, tongue, behaviour);
  const mock = { path, body, name, behaviour };
  if (tongue.streams(mock)) await sendStream(response, tongue.stream(mock), behaviour, traffic);
  else await sendWhole(response, tongue.whole(mock), behaviour);
}

function refuse<Body extends Asked, How extends Behaviour>(
  response: ServerResponse,
  tongue: Tongue<Body, How>,
  behaviour: How,
): void {
  const { status, after } = behaviour;
  const waiting = after === undefined ? {} : { 'retry-after': after };
  response.writeHead(status, { 'content-type': 'application/json', ...waiting });
  response.end(JSON.stringify(tongue.error(behaviour)));
}
