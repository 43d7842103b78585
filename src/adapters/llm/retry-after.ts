/** So long who is asked too much is left alone, unless it says how long. */
export const usualCoolMs = 1_000;
/** An operator may have bought more meanwhile. */
const longestMs = 300_000;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How long an answer asks to wait, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or
 * as a date by the answering server's own clock; five minutes at most. Undefined when it asks for nothing that makes sense.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const exact = Number(text(headers, 'retry-after-ms') ?? Number.NaN);
  if (exact >= 0) return Math.min(exact, longestMs);
  const asked = text(headers, 'retry-after');
  if (asked === undefined) return undefined;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(asked)
    ? Number(asked) * 1_000
    : Date.parse(asked) - Date.parse(text(headers, 'date') ?? '');
  return ms >= 0 ? Math.min(ms, longestMs) : undefined;
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
