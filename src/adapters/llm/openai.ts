import type { Dispatcher } from 'undici';
import { Pool } from 'undici';
import { CallFault } from './call-fault.ts';
import { broken, chatAnswer, isJson } from './chat-stream.ts';
import type { Exchange } from './openai-stream.ts';
import { streamedChunks } from './openai-stream.ts';
import { patience } from './patience.ts';
import { refusal } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';
import { familyOf } from './tokenizer.ts';
import type { Json, Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';

export interface OpenAiOptions {
  readonly id: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  /**
   * The one field that carries the output limit, whichever the member used. OpenAI's own newer
   * models refuse `max_tokens`; many compatible servers ignore `max_completion_tokens`, and an
   * ignored limit is an unpaid answer.
   */
  readonly outputLimit: 'max_completion_tokens' | 'max_tokens';
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstTokenMs: number;
    readonly idleMs: number;
  };
}

/** Larger than any chat answer; a server that sends more is broken. */
const mostBodyBytes = 64 * 1_024 * 1_024;
const mostErrorCharacters = 64 * 1_024;

/** Any server that speaks OpenAI's chat protocol. */
export function openAiUpstream(options: OpenAiOptions): Upstream & { close(): Promise<void> } {
  const { origin, pathname } = new URL(options.baseUrl);
  const pool = new Pool(origin, {
    connect: { timeout: options.timeouts.connectMs },
    // Our own clocks run only while somebody waits for the upstream.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const path = `${pathname.replace(/\/+$/, '')}/chat/completions`;
  return {
    id: options.id,
    family: familyOf,
    ask: (request) => ask(pool, path, options, request),
    close: () => pool.destroy(),
  };
}

async function ask(
  pool: Pool,
  path: string,
  options: OpenAiOptions,
  request: UpstreamRequest,
): Promise<UpstreamAnswer> {
  const exchange = exchangeFor(request.signal);
  exchange.patience.begin(options.timeouts.firstTokenMs);
  try {
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path,
      headers: headersOf(options, request),
      body: JSON.stringify(bodyOf(options, request)),
      signal: exchange.signal,
    });
    // An abort before anybody reads must not become an uncaught error.
    body.on('error', () => undefined);
    if (statusCode < 200 || statusCode > 299) {
      throw await refused(statusCode, body, { headers, model: request.model });
    }
    if (!request.stream) return whole(body, exchange);
    return { stream: true, chunks: streamedChunks(body, exchange, options.timeouts.idleMs) };
  } catch (error) {
    throw exchange.faultOf(error);
  }
}

function exchangeFor(caller: AbortSignal): Exchange {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let isLate = false;
  const clock = patience(() => {
    isLate = true;
    abort();
  });
  const end = () => {
    clock.end();
    caller.removeEventListener('abort', abort);
  };
  if (caller.aborted) abort();
  else caller.addEventListener('abort', abort, { once: true });
  return {
    patience: clock,
    signal: controller.signal,
    abort,
    end,
    faultOf(error) {
      end();
      abort();
      if (caller.aborted) return abandoned(error);
      if (isLate || isConnectTimeout(error)) return silent(error, !isLate);
      return error instanceof CallFault ? error : lost(error);
    },
  };
}

const headersOf = ({ apiKey }: OpenAiOptions, { stream }: UpstreamRequest) => ({
  authorization: `Bearer ${apiKey}`,
  'content-type': 'application/json',
  accept: stream ? 'text/event-stream' : 'application/json',
  'accept-encoding': 'identity',
});

/** The member's body, with what we decide in it. */
function bodyOf(
  { outputLimit }: OpenAiOptions,
  { body, model, stream, maxOutput }: UpstreamRequest,
): Json {
  const { max_tokens: _, max_completion_tokens: __, stream_options: wishes, ...rest } = body;
  const limited = { ...rest, model, [outputLimit]: maxOutput };
  if (!stream) return limited;
  return { ...limited, stream_options: { ...(isJson(wishes) ? wishes : {}), include_usage: true } };
}

type Body = Dispatcher.ResponseData['body'];

interface Refused {
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly model: string;
}

async function refused(
  status: number,
  body: Body,
  { headers, model }: Refused,
): Promise<CallFault> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > mostErrorCharacters) break;
  }
  return refusal(status, text, { model, retryAfterMs: retryAfterMs(headers) });
}

function whole(body: Body, { faultOf, end }: Exchange): UpstreamAnswer {
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
      return chatAnswer(texts.join(''));
    } catch (error) {
      throw faultOf(error);
    }
  };
  return { stream: false, body: read, partial: () => texts.join('') };
}

/** A connection that could not be made, or broke before anything came, may hold the next time. */
const connections =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_SOCKET)$/;

function lost(cause: unknown): CallFault {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const passing = connections.test(code);
  return new CallFault('upstream_failed', 'The upstream failed.', {
    ...{ retryable: true, passing, cause },
  });
}

const isConnectTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT';

/** One that takes no connection may take the next; one that took so long is not asked again. */
const silent = (cause: unknown, passing: boolean) =>
  new CallFault('upstream_timed_out', 'The upstream did not answer in time.', {
    ...{ retryable: true, passing, cause },
  });
const abandoned = (cause: unknown) =>
  new CallFault('client_closed', 'The call was ended while the upstream answered.', { cause });
