import { hash } from 'node:crypto';
import { isJson } from './json.ts';
import type { ModelCall } from './model-call.ts';

/** No provider caches a shorter beginning. */
const leastCachedTokens = 1_024;

/**
 * What the calls of one conversation have in common: the key, and its caller's own name for it or
 * else its beginning. Undefined for a call that no cache would help.
 */
export function sessionOf({ facts, body }: ModelCall, inputTokens: number): string | undefined {
  const named = textOf(body.prompt_cache_key) ?? textOf(body.user);
  if (named !== undefined) return `${facts.apiKeyId}/${named}`;
  if (inputTokens < leastCachedTokens || !Array.isArray(body.messages)) return undefined;
  const asks = body.messages.findIndex((each) => isJson(each) && each.role === 'user');
  const beginning = body.messages.slice(0, asks + 1);
  if (beginning.length === 0) return undefined;
  return `${facts.apiKeyId}/${hash('sha256', JSON.stringify(beginning))}`;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
