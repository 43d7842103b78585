import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenCall } from '../../src/adapters/llm/journal.ts';
import type { GoneCalls } from '../../src/adapters/postgres/gone-calls.ts';
import { leaseState, renewEveryMs } from '../../src/adapters/postgres/lease-state.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Owner } from './schedule.ts';
import { wayMs } from './weather.ts';
import type { World } from './wire.ts';

/** A process's connection to Postgres. */
export interface Connection {
  /** Until then it doesn't work, though others' may. */
  downUntilMs: number;
  run<Answer>(statement: () => Answer): Promise<Answer>;
}

export function connectionOf(world: World, owner: Owner): Connection {
  const { random, schedule, weather } = world;
  const isDown = () =>
    schedule.nowMs() < Math.max(weather.postgresDownUntilMs, connection.downUntilMs);
  const connection: Connection = {
    downUntilMs: 0,
    run: (statement) =>
      new Promise((resolve, reject) => {
        const fail = () => reject(new Error('Postgres is away.'));
        const arrived = () => {
          if (isDown()) {
            schedule.after(random.between(1, renewEveryMs), fail, { owner });
            return;
          }
          const answer = statement();
          schedule.after(wayMs(weather, random), () => resolve(answer), { owner });
        };
        schedule.after(wayMs(weather, random), arrived, { owner: null });
      }),
  };
  return connection;
}

const retryMs = 250;

/** The real lease's state, renewed as the real one is. */
export function leaseOf(
  { schedule, leases }: Pick<World, 'schedule'> & { readonly leases: LeaseTable },
  processId: string,
  connection: Connection,
) {
  const state = leaseState(schedule.nowMs);
  return {
    ...state,
    async keep(): Promise<void> {
      for (;;) {
        const askedAt = schedule.nowMs();
        const isRenewed = await connection
          .run(() => leases.renew(processId))
          .then(() => true)
          .catch(() => false);
        if (isRenewed) state.renewed(askedAt);
        else state.broke();
        await sleep(isRenewed ? renewEveryMs : retryMs);
      }
    },
  };
}

export interface GoneParts {
  readonly isGone: (call: OpenCall) => boolean;
  /** What the read model and the journal have. */
  readonly known: () => readonly OpenCall[];
  readonly connection: Connection;
  /** Told whenever this process asks. */
  readonly judges: () => void;
}

const byAge = (a: OpenCall, b: OpenCall): number =>
  `${a.beganAt} ${a.callId}` < `${b.beganAt} ${b.callId}` ? -1 : 1;

export const goneCallsIn = ({ isGone, known, connection, judges }: GoneParts): GoneCalls => {
  const among = (calls: () => readonly OpenCall[]) =>
    connection.run(() => {
      judges();
      return calls().filter(isGone);
    });
  return {
    some: async (most, after) => {
      const calls = (await among(known)).toSorted(byAge);
      const rest = calls.filter((call) => !after.held || byAge(call, after.held) > 0);
      const some = rest.slice(0, most);
      return {
        calls: some,
        to: { held: (rest.length > most && some.at(-1)) || null, noted: null },
      };
    },
    among: (calls) => among(() => calls),
  };
};
