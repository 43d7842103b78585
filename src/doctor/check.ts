import { reasonOf } from '../adapters/reason-of.ts';

export type Status = 'ok' | 'warning' | 'failure';

/** What was looked at, and how it is, in one line. */
export interface Check {
  readonly name: string;
  readonly status: Status;
  readonly detail: string;
  /** What exactly is wrong, a line each. */
  readonly more?: readonly string[];
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });
export const warning = (name: string, detail: string, more: readonly string[] = []): Check => ({
  ...{ name, status: 'warning', detail, more },
});
export const failure = (name: string, detail: string, more: readonly string[] = []): Check => ({
  ...{ name, status: 'failure', detail, more },
});

/** What can't be looked at is a failure too, and the next checks are made all the same. */
export async function attempted(
  name: string,
  look: () => Promise<Check | readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return [await look()].flat();
  } catch (error) {
    return [failure(name, `it could not be checked: ${reasonOf(error)}`)];
  }
}

/** Of many lines the first few, and how many more there are. */
export function someOf(lines: readonly string[], most = 5): readonly string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most), `… and ${lines.length - most} more`];
}
