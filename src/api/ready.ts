import { z } from 'zod';
import { route } from './route.ts';

/** Why no new call may begin, as its caller is told. */
export type GateReason =
  | 'clock_off'
  | 'engine_away'
  | 'lease_lost'
  | 'log_away'
  | 'postgres_away'
  | 'stopping';

/** Whether calls are taken now, and how the parts are. */
export interface Readiness {
  /** Empty when ready. */
  readonly reasons: readonly string[];
  /** Part → how it is, for people. */
  readonly state: Readonly<Record<string, unknown>>;
}

export const ready = (readiness: () => Readiness | Promise<Readiness>) =>
  route({
    method: 'GET',
    path: '/readyz',
    who: 'anyone',
    summary: 'Calls are taken; 503 says why not',
    reply: z.object({
      status: z.enum(['ready', 'not_ready']),
      reasons: z.array(z.string()),
      state: z.record(z.string(), z.unknown()),
    }),
    handle: async () => {
      const { reasons, state } = await readiness();
      const isReady = reasons.length === 0;
      return {
        status: isReady ? 200 : 503,
        body: {
          status: isReady ? ('ready' as const) : ('not_ready' as const),
          reasons: [...reasons],
          state,
        },
        headers: isReady ? {} : { 'retry-after': '1' },
      };
    },
  });
