import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the names of temporary folders begin with; the pid that follows says whose they are. */
export const scratchPrefix = 'llm-member-scratch-';

/** A new folder that only this user may enter, removed when the test is done. */
export async function temporaryFolder(t: {
  teardown(end: () => Promise<void>): void;
}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${scratchPrefix}${process.pid}-`));
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
