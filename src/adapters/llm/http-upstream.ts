import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import type { AnswerStream } from './answer-stream.ts';
import { beyondProtocol } from './beyond-protocol.ts';
import type { CallFault } from './call-fault.ts';
import { broken } from './call-fault.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import type { Exchange } from './exchange.ts';
import { exchangeFor } from './exchange.ts';
import { Form, writtenForm } from './form.ts';
import type { Refused } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';
import { quotedFrom } from './said-in-request.ts';
import type { Reading } from './streamed-chunks.ts';
import {
  bytesReading,
  eventsReading,
  mostBodyBytes,
  streamedChunks,
  wholeReading,
} from './streamed-chunks.ts';
import { familyOf } from './tokenizer.ts';
import type { Json, OpenUpstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';
import type { Address } from './upstream-address.ts';
import { addressOf, guardedLookup } from './upstream-address.ts';

/** Where a provider is, and how long it may be silent. */
export interface ProviderOptions {
  readonly id: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeouts: {
    readonly connectMs: number;
    /** Before anything of a stream. */
    readonly firstTokenMs: number;
    /** Before anything of a whole answer, which is only sent when all of it is made. */
    readonly wholeMs: number;
    /** Between two pieces of either. */
    readonly idleMs: number;
  };
  /** Else no name may lead to a link-local address, where clouds keep a machine's secrets. */
  readonly allowsLinkLocal?: boolean;
}

/** How a provider is asked one thing and what it answers, in OpenAI's terms; what it throws is a `CallFault`. */
export interface Protocol {
  /** Behind the base URL; some protocols name the model in it. */
  readonly path: string | ((request: UpstreamRequest) => string);
  readonly headers: Readonly<Record<string, string>>;
  bodyOf(request: UpstreamRequest): Json | Form;
  /** Fields of a request that it leaves out; none unless said. */
  omits?(body: Readonly<Json>): readonly string[];
  /** A whole body's text as OpenAI would answer it. */
  answerOf(text: string, request: UpstreamRequest): Json;
  /** The beginning of such a text as the beginning of such an answer. */
  beginningOf(text: string): string;
  /** For one stream: its events as OpenAI's chunks. */
  stream(): AnswerStream;
  /** A whole answer as the only event of a stream; absent: who streams nothing has failed. */
  asEvent?(answer: Json): Json;
  /** A stream is bytes instead; events unless said. */
  streamsBytes?(body: Readonly<Json>): boolean;
  refusalOf(status: number, text: string, asked: Refused): CallFault;
  /** Asked instead where a request has words of its own. */
  readonly native?: Protocol | undefined;
}

/** What a healthy server answers to a GET, and what costs nothing. */
export interface Probe extends Pick<Protocol, 'headers' | 'refusalOf'> {
  readonly path: string;
  /** Where any path is, if not simply behind the base URL. */
  readonly addressOf?: ((address: Address) => string) | undefined;
}

const mostErrorCharacters = 64 * 1_024;

/** A provider that is asked by one POST, and answers it with JSON or with events; each endpoint its own way. */
export function httpUpstream(
  { id, baseUrl, apiKey, timeouts, allowsLinkLocal = false }: ProviderOptions,
  protocols: Partial<Readonly<Record<EndpointName, Protocol>>>,
  probed: Probe,
): OpenUpstream {
  const { origin, pathname, search } = new URL(baseUrl);
  const lookup = allowsLinkLocal ? {} : { lookup: guardedLookup };
  const pool = new Pool(origin, {
    connect: { timeout: timeouts.connectMs, ...lookup },
    // Our own clocks run only while somebody waits for the upstream.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const base = pathname.replace(/\/+$/, '');
  const { addressOf: toAddress = addressOf } = probed;
  const pathOf = (path: string, model: string) => toAddress({ base, search, path, model });
  return {
    id,
    serves: (endpoint) => protocols[endpoint] !== undefined,
    family: familyOf,
    omits: (endpoint, body) => protocols[endpoint]?.omits?.(body) ?? [],
    ask(request) {
      const usual = protocols[request.endpoint];
      const protocol = request.native ? (usual?.native ?? usual) : usual;
      if (!protocol) return Promise.reject(beyondProtocol('model'));
      const { path: named } = protocol;
      const path = pathOf(typeof named === 'string' ? named : named(request), request.model);
      return ask({ pool, path, apiKey, timeouts, protocol }, request);
    },
    probe: (signal) =>
      probe({ pool, path: pathOf(probed.path, ''), apiKey, timeouts, protocol: probed }, signal),
    finish: () => pool.close(),
    close: () => pool.destroy(),
  };
}

interface Line<How> extends Pick<ProviderOptions, 'apiKey' | 'timeouts'> {
  readonly pool: Pool;
  readonly path: string;
  readonly protocol: How;
}

/** A server that doesn't know the path is there all the same. */
const isThere = (status: number): boolean => status < 300 || status === 404 || status === 405;

async function probe(
  { pool, path, timeouts, protocol }: Line<Probe>,
  signal: AbortSignal,
): Promise<void> {
  const exchange = exchangeFor(signal);
  exchange.silence.begin(timeouts.connectMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'GET',
      path,
      headers: { ...protocol.headers, accept: 'application/json' },
      signal: exchange.signal,
    });
    body.on('error', () => undefined);
    const text = await errorText(body);
    const asked = { model: '', retryAfterMs: retryAfterMs(headers) };
    if (!isThere(statusCode)) throw protocol.refusalOf(statusCode, text, asked);
    exchange.end();
  } catch (error) {
    throw exchange.faultOf(error);
  }
}

const draws: ReadonlySet<EndpointName> = new Set(['image_generations', 'image_edits']);

async function ask(
  { pool, path, apiKey, timeouts, protocol }: Line<Protocol>,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const isBytes = request.stream && protocol.streamsBytes?.(request.body) === true;
  // What can't be written is no fault of who would have read it.
  const asking = protocol.bodyOf(request);
  const sent = wireOf(asking, isBytes ? 'bytes' : kindOf(request));
  const made = exchangeFor(request.signal);
  // Some servers repeat the key that they refuse.
  const faultOf = (error: unknown) => made.faultOf(error).hiding(apiKey);
  const exchange: Exchange = { ...made, faultOf };
  exchange.silence.begin(request.stream ? timeouts.firstTokenMs : timeouts.wholeMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path,
      headers: { ...protocol.headers, ...sent.headers, 'accept-encoding': 'identity' },
      body: sent.body,
      signal: exchange.signal,
    });
    // An abort before anybody reads must not become an uncaught error.
    body.on('error', () => undefined);
    if (statusCode < 200 || statusCode > 299) {
      const asked = {
        ...{ model: request.model, retryAfterMs: retryAfterMs(headers) },
        ...{ isQuoted: quotedFrom(asking), isPicture: draws.has(request.endpoint) },
      };
      exchange.silence.begin(timeouts.idleMs);
      const text = await errorText(body);
      throw protocol.refusalOf(statusCode, text, asked).sayingAll(text);
    }
    if (!request.stream) return whole(body, exchange, { protocol, request }, timeouts.idleMs);
    const reading = readingOf({ protocol, request }, String(headers['content-type']), isBytes);
    return { stream: true, chunks: streamedChunks(body, exchange, reading, timeouts.idleMs) };
  } catch (error) {
    throw exchange.faultOf(error);
  }
}

/** Some models answer at once whoever wanted a stream; OpenAI's own do so with sounds. */
function readingOf({ protocol, request }: Asked, type: string, isBytes: boolean): Reading {
  const { asEvent, answerOf } = protocol;
  if (isBytes) return bytesReading(type);
  if (!(asEvent && type.startsWith('application/json'))) return eventsReading(protocol.stream());
  return wholeReading((text) => asEvent(answerOf(text, request)));
}

const accepted = { bytes: '*/*', events: 'text/event-stream', json: 'application/json' };

const kindOf = ({ stream }: UpstreamRequest) => (stream ? 'events' : 'json');

/** A request as it is sent, and what may come back; who sends a form may get any text. */
function wireOf(body: Json | Form, kind: keyof typeof accepted) {
  if (!(body instanceof Form)) {
    const headers = { 'content-type': 'application/json', accept: accepted[kind] };
    return { headers, body: JSON.stringify(body) };
  }
  const { type, length, body: bytes } = writtenForm(body);
  const accept = kind === 'json' ? accepted.bytes : accepted[kind];
  return { headers: { 'content-type': type, 'content-length': `${length}`, accept }, body: bytes };
}

type Body = Dispatcher.ResponseData['body'];

async function errorText(body: Body): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > mostErrorCharacters) break;
  }
  return text;
}

interface Asked {
  readonly protocol: Protocol;
  readonly request: UpstreamRequest;
}

function whole(
  body: Body,
  { faultOf, end, silence }: Exchange,
  { protocol: { answerOf, beginningOf }, request }: Asked,
  idleMs: number,
): UpstreamAnswer {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let isBegun = false;
  const take = (text: string) => {
    texts.push(text);
    // Blanks only keep the line open while the answer is made.
    isBegun ||= text.trim() !== '';
    if (isBegun) silence.begin(idleMs);
  };
  const arrived = () =>
    new Promise<void>((resolve, reject) => {
      let length = 0;
      body.on('data', (bytes: Buffer) => {
        length += bytes.length;
        if (length > mostBodyBytes) reject(broken('The upstream failed.'));
        else take(decoder.decode(bytes, { stream: true }));
      });
      body.on('end', resolve);
      body.on('error', reject);
      body.on('close', () => {
        if (!body.readableEnded) reject(broken('The upstream failed.'));
      });
    });
  const read = async (): Promise<Json> => {
    try {
      await arrived();
      end();
      return answerOf(texts.join(''), request);
    } catch (error) {
      throw faultOf(error);
    }
  };
  return { stream: false, body: read, partial: () => beginningOf(texts.join('')) };
}
