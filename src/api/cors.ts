import type { Context } from 'koa';
import type { Route } from './route.ts';

const allowed =
  /^(authorization|content-type|accept|idempotency-key|x-request-id|x-scenario|x-include-cost|x-transparent|openai-[a-z-]+|x-api-key|anthropic-[a-z-]+|x-stainless-[a-z-]+)$/;
const always = ['authorization', 'content-type', 'idempotency-key', 'x-request-id'];
const limits = ['limit', 'remaining', 'reset'].flatMap((what) =>
  ['requests', 'tokens'].map((measure) => `x-ratelimit-${what}-${measure}`),
);
const exposed = [
  ...['x-request-id', 'request-id', 'x-position', 'retry-after', 'x-should-retry'],
  ...['x-ignored-parameters', 'x-upstream', 'x-upstream-model'],
  ...limits,
].join(', ');

/** Browsers of any origin may call with a bearer key: it is sent by hand, never by a cookie. */
export const isOpenToOrigins = ({ who, path }: Route): boolean =>
  who !== 'anyone' || path.startsWith('/v1/');

/** Lets the script of another origin read the answer. */
export function shareAnswer(ctx: Pick<Context, 'set'>): void {
  ctx.set('access-control-allow-origin', '*');
  ctx.set('access-control-expose-headers', exposed);
}

/** Answers a browser that asks before it calls. */
export function answerPreflight(
  ctx: Pick<Context, 'set' | 'get' | 'status'>,
  routes: readonly Route[],
): void {
  const methods = routes.filter(isOpenToOrigins).map(({ method }) => method);
  ctx.status = 204;
  ctx.set('allow', ['OPTIONS', ...routes.map(({ method }) => method)].join(', '));
  if (methods.length === 0) return;
  const asked = ctx
    .get('access-control-request-headers')
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => allowed.test(each));
  ctx.set('access-control-allow-origin', '*');
  ctx.set('access-control-allow-methods', [...new Set(methods)].join(', '));
  ctx.set('access-control-allow-headers', [...new Set([...always, ...asked])].join(', '));
  ctx.set('access-control-max-age', '600');
}
