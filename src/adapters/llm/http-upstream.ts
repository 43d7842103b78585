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
import type { Json, Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';

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
}

/** How a provider is asked and what it answers, in OpenAI's terms; what it throws is a `CallFault`. */
export interface Protocol {
  /** Behind the base URL. */
  readonly path: string;
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
  { id, baseUrl, apiKey, timeouts }: ProviderOptions,
  protocol: Protocol,
): Upstream & { close(): Promise<void> } {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, {
    connect: { timeout: timeouts.connectMs },
    // Our own clocks run only while somebody waits for the upstream.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const path = `${pathname.replace(/\/+$/, '')}${protocol.path}`;
  return {
    id,
    family: familyOf,
    ask: (request) => ask({ pool, path, apiKey, timeouts, protocol }, request),
    close: () => pool.destroy(),
  };
}

interface Line extends Pick<ProviderOptions, 'apiKey' | 'timeouts'> {
  readonly pool: Pool;
  readonly path: string;
  readonly protocol: Protocol;
}

async function ask(
  { pool, path, apiKey, timeouts, protocol }: Line,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const exchange = exchangeFor(request.signal);
  exchange.patience.begin(timeouts.firstTokenMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path,
      headers: { ...protocol.headers, ...headersOf(request) },
      body: JSON.stringify(protocol.bodyOf(request)),
      signal: exchange.signal,
    });
    // An abort before anybody reads must not become an uncaught error.
    body.on('error', () => undefined);
    if (statusCode < 200 || statusCode > 299) {
      const asked = { model: request.model, retryAfterMs: retryAfterMs(headers) };
      const text = await errorText(body);
      const own = apiKey === '' ? text : text.replaceAll(apiKey, '***');
      throw protocol.refusalOf(statusCode, text, asked).sayingAll(own);
    }
    if (!request.stream) return whole(body, exchange, protocol);
    const chunks = streamedChunks(body, exchange, protocol.stream(), timeouts.idleMs);
    return { stream: true, chunks };
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
