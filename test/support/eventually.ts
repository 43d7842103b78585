import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; a condition that never does runs into ava's timeout. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    await sleep(10);
  }
}
