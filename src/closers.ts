/** What was started, to be stopped in reverse order. */
export interface Closers {
  add(close: () => unknown): void;
  /** Runs them all, past those that fail; throws what failed. */
  close(): Promise<void>;
}

export function closers(): Closers {
  const steps: (() => unknown)[] = [];
  return {
    add: (close) => steps.push(close),
    async close() {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be stopped.');
    },
  };
}
