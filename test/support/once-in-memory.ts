import { storedRefusal } from '../../src/api/errors.ts';
import { Rejection } from '../../src/domain/rejection.ts';

interface Claim {
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: string;
}

interface Done {
  readonly bodyHash: string;
  readonly status: number;
  readonly body: unknown;
}

/** The rules of a command that runs once, without a log: for tests of those who use them. */
export function onceInMemory() {
  const done = new Map<string, Done>();
  return async <Body>(
    { scope, key, bodyHash }: Claim,
    run: (
      claimedAfter: bigint | null,
      commandId: string,
    ) => Promise<{ readonly status: number; readonly body: Body }>,
  ) => {
    const name = `${scope}/${key}`;
    const before = done.get(name);
    if (before && before.bodyHash !== bodyHash) {
      throw new Rejection('idempotency_conflict', 'This key was used for something else.');
    }
    if (before) return before;
    const reply = await run(null, name).catch((error) => {
      if (error instanceof Rejection) return storedRefusal(error);
      throw error;
    });
    done.set(name, { bodyHash, ...reply });
    return reply;
  };
}
