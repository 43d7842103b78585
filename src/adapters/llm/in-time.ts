/** How long an answer waits for its charge to be in the log. */
export interface Patience {
  /** After so long the journal is to vouch for the charge. */
  readonly journalMs: number;
  /** After so long nobody knows. */
  readonly answerMs: number;
}

/** Unless said otherwise. */
export const usualPatience: Patience = { journalMs: 2_000, answerMs: 15_000 };

/**
 * What is first: the verdict; from `journalMs` on something else that vouches for it, unless that is
 * undefined; or undefined when there was neither in time.
 */
export async function inTime<Verdict>(
  verdict: Promise<Verdict>,
  vouch: (() => Promise<Verdict | undefined>) | undefined,
  { journalMs, answerMs }: Patience,
): Promise<Verdict | undefined> {
  const { promise: found, resolve, reject } = Promise.withResolvers<Verdict | undefined>();
  verdict.then(resolve, reject);
  const second = setTimeout(() => {
    vouch?.().then((vouched) => vouched && resolve(vouched), reject);
  }, journalMs);
  const last = setTimeout(() => resolve(undefined), answerMs);
  try {
    return await found;
  } finally {
    clearTimeout(second);
    clearTimeout(last);
  }
}
