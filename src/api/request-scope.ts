import type { Context } from 'koa';
import { z } from 'zod';
import { newRequestId } from './call-id.ts';
import { localeOf } from './locale.ts';
import type { RequestFacts } from './route.ts';

export interface RequestScope {
  readonly facts: RequestFacts;
  /** What the request's log line says beside method, path and status. */
  readonly described: Record<string, string>;
}

/** Reads from a request what its handler, its log line and its errors need. */
export function requestScope(ctx: Context): RequestScope {
  const described: Record<string, string> = {};
  const gone = new AbortController();
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) gone.abort();
  });
  return {
    described,
    facts: {
      id: newRequestId(),
      clientRequestId: clientRequestIdOf(ctx.get('x-request-id')),
      ip: ctx.ip.replace(/^::ffff:/, ''),
      userAgent: ctx.get('user-agent').slice(0, 400),
      header: (name) => ctx.get(name),
      locale: localeOf(ctx.get('accept-language')),
      signal: gone.signal,
      endpoint: '',
      describe: (more) => void Object.assign(described, more),
      answerWith: (headers) => ctx.set({ ...headers }),
    },
  };
}

/** A caller's own id of a request, as it is kept. */
export const ClientRequestId = z.string().regex(/^[A-Za-z0-9._:@/+=-]{1,128}$/);

/** The caller's own id, cut to what is harmless in a log and in an event. */
function clientRequestIdOf(header: string): string | null {
  const id = header.replace(/[^A-Za-z0-9._:@/+=-]/g, '').slice(0, 128);
  return id === '' ? null : id;
}
