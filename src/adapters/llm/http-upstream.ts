import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import type { CallFault } from './call-fault.ts';
import type { ChatStream } from './chat-stream.ts';
import { broken } from './chat-stream.ts';
import type { Exchange } from './exchange.ts';
import { exchangeFor } from './exchange.ts';
import type { Refused } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';
import { streamedChunks } from './streamed-chunks.ts';
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
    readonly firstTokenMs: number;
    readonly idleMs: number;
  };
  /** Else no name may lead to a link-local address, where clouds keep a machine's secrets. */
  readonly allowsLinkLocal?: boolean;
}

/** How a provider is asked and what it answers, in OpenAI's terms; what it throws is a `CallFault`. */
export interface Protocol {
  /** Behind the base URL. */
  readonly path: string;
  /** Behind the base URL: what a healthy server answers to a GET, and what costs nothing. */
  readonly probePath: string;
  /** Where it isn't simply the path behind the base URL. */
  readonly addressOf?: (address: Address) => string;
  readonly headers: Readonly<Record<string, string>>;
  bodyOf(request: UpstreamRequest): Json;
  /** A whole body's text as a chat completion. */
  answerOf(text: string): Json;
  /** The beginning of such a text as the beginning of a chat completion. */
  beginningOf(text: string): string;
  /** For one stream: its events as chat completion chunks. */
  stream(): ChatStream;
  refusalOf(status: number, text: string, asked: Refused): CallFault;
}

/** Larger than any chat answer; a server that sends more is broken. */
const mostBodyBytes = 64 * 1_024 * 1_024;
const mostErrorCharacters = 64 * 1_024;

/** A provider that is asked by one POST, and answers it with JSON or with events. */
export function httpUpstream(
  { id, baseUrl, timeouts, allowsLinkLocal = false }: ProviderOptions,
  protocol: Protocol,
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
  const { addressOf: toAddress = addressOf } = protocol;
  const pathOf = (path: string, model: string) => toAddress({ base, search, path, model });
  return {
    id,
    family: familyOf,
    ask: (request) => ask({ pool, pathOf, timeouts, protocol }, request),
    probe: (signal) => probe({ pool, pathOf, timeouts, protocol }, signal),
    finish: () => pool.close(),
    close: () => pool.destroy(),
  };
}

interface Line extends Pick<ProviderOptions, 'timeouts'> {
  readonly pool: Pool;
  readonly pathOf: (path: string, model: string) => string;
  readonly protocol: Protocol;
}

async function ask(
  { pool, pathOf, timeouts, protocol }: Line,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const exchange = exchangeFor(request.signal);
  exchange.patience.begin(timeouts.firstTokenMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path: pathOf(protocol.path, request.model),
      headers: { ...protocol.headers, ...headersOf(request) },
      body: JSON.stringify(protocol.bodyOf(request)),
      signal: exchange.signal,
    });
    // An abort before anybody reads must not become an uncaught error.
    body.on('error', () => undefined);
    if (statusCode < 200 || statusCode > 299) {
      const asked = { model: request.model, retryAfterMs: retryAfterMs(headers) };
      throw protocol.refusalOf(statusCode, await errorText(body), asked);
    }
    if (!request.stream) return whole(body, exchange, protocol);
    const chunks = streamedChunks(body, exchange, protocol.stream(), timeouts.idleMs);
    return { stream: true, chunks };
  } catch (error) {
    throw exchange.faultOf(error);
  }
}

/** A server that doesn't know the path is there all the same. */
const isThere = (status: number): boolean => status < 300 || status === 404 || status === 405;

async function probe(
  { pool, pathOf, timeouts, protocol }: Line,
  signal: AbortSignal,
): Promise<void> {
  const exchange = exchangeFor(signal);
  exchange.patience.begin(timeouts.connectMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'GET',
      path: pathOf(protocol.probePath, ''),
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

const headersOf = ({ stream }: UpstreamRequest) => ({
  'content-type': 'application/json',
  accept: stream ? 'text/event-stream' : 'application/json',
  'accept-encoding': 'identity',
});

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

function whole(
  body: Body,
  { faultOf, end }: Exchange,
  { answerOf, beginningOf }: Protocol,
): UpstreamAnswer {
  const decoder = new TextDecoder();
  const texts: string[] = [];
  const arrived = () =>
    new Promise<void>((resolve, reject) => {
      let length = 0;
      body.on('data', (bytes: Buffer) => {
        length += bytes.length;
        if (length > mostBodyBytes) reject(broken('The upstream failed.'));
        else texts.push(decoder.decode(bytes, { stream: true }));
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
      return answerOf(texts.join(''));
    } catch (error) {
      throw faultOf(error);
    }
  };
  return { stream: false, body: read, partial: () => beginningOf(texts.join('')) };
}
