import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { hasCode } from '../../src/adapters/files/has-code.ts';

const run = promisify(execFile);
const timeoutMs = 300_000;

export const missingTool = (tool: string): string =>
  `Kafka needs Java 17 or later and Maven, and there is no "${tool}" in the PATH. ` +
  'Debian, Ubuntu: sudo ops/kafka/install.sh. macOS: brew install openjdk@17 maven.';

/** Runs `java` or `mvn` to its end. A failure's message has all that it printed. */
export async function runJavaTool(
  tool: 'java' | 'mvn',
  args: readonly string[],
  cwd: string,
): Promise<void> {
  try {
    await run(tool, args, { cwd, timeout: timeoutMs });
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) throw new Error(missingTool(tool), { cause });
    throw new Error(`\`${tool}\` failed:\n${printedBy(cause)}`, { cause });
  }
}

function printedBy(error: unknown): string {
  if (!(error instanceof Error && 'stdout' in error && 'stderr' in error)) return String(error);
  return `${error.stdout}${error.stderr}`.trim() || error.message;
}
