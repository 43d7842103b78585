import { isJson } from './json.ts';

/** What a model signed a call of a tool with, as we tell it, or as Google's servers of OpenAI's protocol do. */
export function signatureIn(extra: unknown): string | undefined {
  if (!isJson(extra)) return undefined;
  const { thought_signature: own, google: theirs } = extra;
  if (own === undefined) return theirs === undefined ? undefined : signatureIn(theirs);
  return typeof own === 'string' ? own : undefined;
}
