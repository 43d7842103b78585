import type { Logger } from 'pino';

const silentMs = 1000;

/** Does the work, and says what is being done if that takes longer than a second. */
export async function slowStep<T>(log: Logger, step: string, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => log.info(`${step} …`), silentMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
