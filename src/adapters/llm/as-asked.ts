import { CallFault } from './call-fault.ts';
import { hasPlace, speaksOfPlaces, withNames } from './field-names.ts';
import type { ModelCall } from './model-call.ts';

/** What was asked, and how it came to be that. */
export type Rewritten = Pick<ModelCall, 'body' | 'native' | 'nameOf' | 'unsaid'>;

/**
 * A fault as whoever sent the request may be told it: by the names that fields have there. What speaks
 * of anything that was never sent is left out.
 */
export function asAsked(error: unknown, asked: Rewritten): unknown {
  if (!(error instanceof CallFault)) return error;
  const { code, param: blamed, why, values } = error;
  const { message: words } = values;
  const param = blamed === undefined ? undefined : nameIn(asked, blamed);
  const message = textIn(asked, words);
  if (param === blamed && message === words) return error;
  const isTold = why === 'upstream_said' ? message !== undefined : param !== undefined;
  const renamed = new CallFault(code, error.message, {
    ...error,
    ...{ param, why: isTold ? why : undefined, cause: error },
    values: { ...values, ...(param && { param }), ...(message && { message }) },
  });
  const text = error.upstreamText();
  return text === undefined ? renamed : renamed.sayingAll(text);
}

/** Either carries the limit of an answer; which of them a server is told is not for the member to know. */
const limits = ['max_tokens', 'max_completion_tokens'] as const;

/** We ask for these ourselves. */
const added: ReadonlySet<string> = new Set(['stream_options', 'plugins', 'store']);

/** A path into what an upstream was asked, as the request has it; undefined: it has nothing of it. */
function nameIn({ body, native, nameOf, unsaid }: Rewritten, path: string): string | undefined {
  const [field = path] = /^\w+/.exec(path) ?? [];
  const has = (name: string) => (body[name] ?? native?.[name] ?? null) !== null;
  if (unsaid?.has(field) || (added.has(field) && !has(field))) return undefined;
  // A place in what nobody sent may be one in a message.
  if (nameOf && hasPlace(path) && !has(field)) return undefined;
  const isLimit = limits.some((limit) => limit === path);
  const own = isLimit ? (limits.find(has) ?? path) : path;
  return nameOf ? nameOf(own) : own;
}

/** An upstream's text with the request's names in it; undefined: it can't be said in those. */
function textIn(asked: Rewritten, text: string | number | undefined): string | undefined {
  if (typeof text !== 'string') return undefined;
  const words = text.toLowerCase().match(/\w+/g) ?? [];
  if (words.some((word) => asked.unsaid?.has(word))) return undefined;
  if (asked.nameOf && speaksOfPlaces(text)) return undefined;
  return withNames(text, (path) => nameIn(asked, path));
}
