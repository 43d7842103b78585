/** A fault in one line, for a log line or another error's message. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
