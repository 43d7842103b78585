import { z } from 'zod';
import { route } from './route.ts';

/** Says that the process runs; what it depends on is `/readyz`'s business. */
export const health = () =>
  route({
    method: 'GET',
    path: '/healthz',
    who: 'anyone',
    summary: 'The process runs',
    reply: z.object({ status: z.literal('ok') }),
    handle: () => ({ body: { status: 'ok' as const } }),
  });
