import { z } from 'zod';
import { CallFault } from './call-fault.ts';

const Refusal = z.object({
  error: z.object({ message: z.string(), param: z.string().nullish() }),
});

/** The request itself is wrong, so every upstream would say the same. */
const blamesRequest = new Set([400, 413, 422]);

/** Anything that could tell a member who stands behind an alias, or on whose account. */
const revealing = new RegExp(
  [
    'https?:|www\\.|@|\\bsk-|\\borg-|\\bproj_|\\breq_|api.?key|account|organi[sz]ation|billing',
    'openai|azure|microsoft|anthropic|claude|gemini|google|vertex|bedrock|amazon|\\baws\\b',
    'mistral|deepseek|qwen|alibaba|dashscope|doubao|volc|zhipu|bigmodel|\\bglm|\\bgrok|\\bxai\\b',
    'openrouter|siliconflow|together|fireworks|groq|ollama|vllm|llama|cohere|perplexity|hugging',
  ].join('|'),
  'i',
);
const fieldName = /^[\w.[\]-]{1,100}$/;

/** What was refused. */
export interface Refused {
  /** The upstream's own name of it. */
  readonly model: string;
  /** So long it asks to wait. */
  readonly retryAfterMs?: number | undefined;
}

/** What an upstream's error status means to a call. */
export function refusal(status: number, body: string, { model, retryAfterMs }: Refused): CallFault {
  const cause = new Error(`The upstream answered ${status}.`);
  if (!blamesRequest.has(status)) {
    const code = status === 429 ? 'upstream_limited' : 'upstream_failed';
    const passing = status === 408 || status === 429 || status >= 500;
    // A wrong key concerns every call, a model that is not there only its own.
    const isWell = !passing && status !== 401;
    const details = { retryable: true, passing, isWell, retryAfterMs, cause };
    return new CallFault(code, 'The upstream failed.', details);
  }
  const { message, param } = said(body, model);
  const why = message === undefined ? {} : ({ why: 'upstream_said', values: { message } } as const);
  const plain = 'The model refused this request as invalid.';
  return new CallFault('upstream_refused', message ?? plain, { param, cause, ...why });
}

interface Said {
  readonly message: string | undefined;
  readonly param: string | undefined;
}

/** The upstream's own words where they are harmless; they help the caller most. */
function said(body: string, model: string): Said {
  const parsed = Refusal.safeParse(parseJson(body));
  if (!parsed.success) return { message: undefined, param: undefined };
  const { message, param } = parsed.data.error;
  const harmless = message.length <= 1_000 && !reveals(message, model);
  const named = param && fieldName.test(param) && !reveals(param, model);
  return { message: harmless ? message : undefined, param: named ? param : undefined };
}

const reveals = (text: string, model: string): boolean =>
  revealing.test(text) || text.toLowerCase().includes(model.toLowerCase());

/** Undefined for what isn't JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
