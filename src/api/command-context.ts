import type { Log } from '../adapters/eventstore/log.ts';
import type { RunPoliciesFor } from '../adapters/postgres/policy-runner.ts';
import type { CommandContext } from '../domain/envelope.ts';
import type { Recorded } from '../domain/events.ts';
import type { Caller } from './caller.ts';
import { actorOf } from './caller.ts';
import type { RequestFacts } from './route.ts';

/**
 * Runs what the policies ask for after events, so that an answer finds the consequences done; says
 * a position that they are not behind, whoever did them.
 */
export type React = (written: {
  readonly events: readonly Recorded[];
  readonly position: bigint | null;
}) => Promise<bigint | null>;

/** Events are reacted to one after the other, in their order. */
export const reactor =
  (runPoliciesFor: RunPoliciesFor, head: Log['head']): React =>
  async ({ events, position }) => {
    let last = position;
    for (const event of events) {
      const written = await runPoliciesFor(event);
      last = written === 'earlier' ? await head() : (written ?? last);
    }
    return last;
  };

/** The context of one of a request's commands; `name` tells it from the request's others. */
export const commandContext = (
  { caller, request }: { readonly caller: Caller; readonly request: Pick<RequestFacts, 'id'> },
  clock: () => Date,
  name: string,
): CommandContext => ({
  commandId: `${request.id}/${name}`,
  correlationId: request.id,
  actor: actorOf(caller),
  at: clock().toISOString(),
  source: 'api',
});
