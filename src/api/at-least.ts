import { setTimeout as sleep } from 'node:timers/promises';

/** Answers no sooner than after `ms`, so that its time doesn't tell what the work found. */
export async function atLeast<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  const [outcome] = await Promise.allSettled([work, sleep(ms)]);
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** The same for refusals alone: who is right need not wait. */
export async function refusedNoSoonerThan<Result>(
  ms: number,
  work: Promise<Result>,
): Promise<Result> {
  const end = sleep(ms);
  try {
    return await work;
  } catch (error) {
    await end;
    throw error;
  }
}
