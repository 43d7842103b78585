import type { Logger } from 'pino';
import type { apiKey } from '../../domain/api-key/decider.ts';
import type { CommandContext } from '../../domain/envelope.ts';
import type { Recorded } from '../../domain/events.ts';
import { later } from '../../domain/ids.ts';
import type { member } from '../../domain/member/decider.ts';
import type { PolicyCommand } from '../../domain/policies.ts';
import { policies } from '../../domain/policies.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import type { Once } from '../eventstore/once.ts';

export interface PolicyRunnerParts {
  readonly apiKey: Pick<RunnerOf<typeof apiKey>, 'run'>;
  readonly member: Pick<RunnerOf<typeof member>, 'run'>;
  readonly wallet: RunnerOf<typeof wallet>;
  readonly once: Once;
  readonly clock: () => Date;
  readonly log: Logger;
}

/**
 * Runs the commands that an event calls for. Command ids come from the event, so that running it again
 * changes nothing: the API does it at once for the caller to see, the policies' feed for certain.
 */
export type RunPoliciesFor = (event: Recorded) => Promise<WrittenTo>;

/**
 * The position of the last event that they wrote; `earlier`: some of it had been done before, or calls
 * for nothing any more; null: nothing was called for.
 */
export type WrittenTo = bigint | 'earlier' | null;

export function policyRunner(parts: PolicyRunnerParts): RunPoliciesFor {
  return async (event) => {
    let last: WrittenTo = null;
    for (const [index, command] of commandsFor(event).entries()) {
      try {
        last = after(last, await run(command, contextOf(event, index, parts.clock), parts));
      } catch (err) {
        // A rule says no, and would say so again: the other commands must not wait for it.
        if (!(err instanceof Rejection)) throw err;
        parts.log.warn(
          { err, event: event.id, command: index },
          `policy ${event.type} was refused`,
        );
      }
    }
    return last;
  };
}

/** After a further command, which wrote up to here. */
const after = (last: WrittenTo, position: bigint | null): WrittenTo =>
  last === 'earlier' || position === null ? 'earlier' : position;

function commandsFor(event: Recorded): readonly PolicyCommand[] {
  // The policy under a type takes events of that type, which TypeScript can't follow through an index.
  const policy = policies[event.type] as
    | ((event: Recorded) => readonly PolicyCommand[])
    | undefined;
  return policy?.(event) ?? [];
}

function contextOf(event: Recorded, index: number, clock: () => Date): CommandContext {
  const source = `policy:${event.type}`;
  return {
    commandId: `policy/${event.type}/${event.id}/${index}`,
    correlationId: event.meta.$correlationId,
    causationId: event.id,
    actor: { type: 'system', id: source },
    at: later(clock().toISOString(), event.meta.recordedAt),
    source,
  };
}

async function run(
  policy: PolicyCommand,
  context: CommandContext,
  { apiKey, member, wallet, once }: PolicyRunnerParts,
): Promise<bigint | null> {
  const { stream } = policy;
  if (policy.noun === 'member') {
    return (await member.run(stream, () => policy.command, context)).position;
  }
  if (policy.noun === 'apiKey') {
    return (await apiKey.run(stream, () => policy.command, context)).position;
  }
  if (!policy.once) return (await wallet.run(stream, policy.command, context)).position;
  const { commandId } = context;
  let position: bigint | null = null;
  await once(
    {
      scope: 'policy',
      key: commandId,
      bodyHash: commandId,
      place: () => wallet.load(stream),
      context,
    },
    async (claimed) => {
      const { position: last } = await wallet.run(stream, policy.command, {
        ...context,
        ...claimed,
      });
      position = last;
      return { status: 200, body: null };
    },
  );
  return position;
}
