import { isJson, parseJson } from './json.ts';
import type { Json } from './upstream.ts';

/** What an error says in words, and the codes and types that it is named by. */
export interface SaidInError {
  readonly said: string;
  readonly named: readonly string[];
}

/** `{error: {…}}`, the same in a list (Gemini), `{code, error: "…"}` (xAI), or flat (SiliconFlow). */
export function saidIn(answer: unknown): SaidInError {
  const { body, error } = errorIn(answer);
  const said = [body.error, error.message].filter((each) => typeof each === 'string').join(' ');
  return { said, named: [...namesIn(error), ...reasonsIn(error)] };
}

/** What it wraps: Azure's inner error, and the error of whoever OpenRouter asked, as text. */
export function saidWithin(answer: unknown): readonly SaidInError[] {
  const { innererror: inner, metadata } = errorIn(answer).error;
  const raw = isJson(metadata) ? textOf(metadata) : undefined;
  return [inner, raw].map(saidIn);
}

const textOf = ({ raw }: { readonly [field: string]: unknown; readonly raw?: unknown }): unknown =>
  typeof raw === 'string' ? parseJson(raw) : undefined;

function errorIn(answer: unknown): { readonly body: Json; readonly error: Json } {
  const body = Array.isArray(answer) ? answer[0] : answer;
  if (!isJson(body)) return { body: {}, error: {} };
  return { body, error: isJson(body.error) ? body.error : body };
}

const namesIn = ({ code, type, status }: Json): readonly string[] =>
  [code, type, status].flatMap((each) =>
    typeof each === 'string' || typeof each === 'number' ? [String(each)] : [],
  );

/** Google's details name the reason that its status is too coarse for. */
const reasonsIn = ({ details }: Json): readonly string[] =>
  Array.isArray(details)
    ? details.flatMap((each) =>
        isJson(each) && typeof each.reason === 'string' ? [each.reason] : [],
      )
    : [];
