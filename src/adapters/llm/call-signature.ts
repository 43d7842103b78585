import { isJson, withItems } from './json.ts';
import type { Json } from './upstream.ts';

/** What a model signed a call of a tool with, as we tell it, or as Google's servers of OpenAI's protocol do. */
export function signatureIn(extra: unknown): string | undefined {
  if (!isJson(extra)) return undefined;
  const { thought_signature: own, google: theirs } = extra;
  if (own === undefined) return theirs === undefined ? undefined : signatureIn(theirs);
  return typeof own === 'string' ? own : undefined;
}

/** The same chat with those of its calls as Google's servers of OpenAI's protocol want them back. */
export const withGoogleSignatures = (body: Readonly<Json>): Readonly<Json> =>
  withItems(body, 'tool_calls', signed);

function signed(call: unknown): unknown {
  if (!isJson(call)) return call;
  const { extra_content: extra } = call;
  const signature = signatureIn(extra);
  if (signature === undefined) return call;
  return { ...call, extra_content: { google: { thought_signature: signature } } };
}
