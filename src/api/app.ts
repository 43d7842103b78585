import type { Middleware, ParameterizedContext } from 'koa';
import Koa from 'koa';
import type { Logger } from 'pino';
import type { BodyPlace } from './body-room.ts';
import { bodyRoom } from './body-room.ts';
import type { Authenticate } from './caller.ts';
import { answerPreflight, isOpenToOrigins, shareAnswer } from './cors.ts';
import type { Audience } from './errors.ts';
import { ApiError, errorAnswer } from './errors.ts';
import type { LinkOf } from './links.ts';
import type { Match } from './match-route.ts';
import { matcher } from './match-route.ts';
import { readBody } from './read-body.ts';
import type { RequestScope } from './request-scope.ts';
import { requestScope } from './request-scope.ts';
import { requestSpan } from './request-span.ts';
import type { Answer, Exchange, Route } from './route.ts';
import { pageHeaders, securityHeaders } from './security-headers.ts';

/** Called once a request, when its answer is complete or cut. */
export type Observe = (done: {
  readonly method: string;
  /** The route's pattern; what matches none has one name. */
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
}) => void;

export interface AppParts {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly log: Logger;
  /** Believe the last `X-Forwarded-For` entry: one proxy of ours is in front. */
  readonly trustProxy: boolean;
  readonly observe?: Observe;
  /** What all bodies together may take; 256 MiB unless said. */
  readonly mostBodyBytes?: number;
  /** What an error tells a member of where to go; absent: nothing. */
  readonly linkOf?: LinkOf;
}

interface State {
  scope: RequestScope;
  route: Route | undefined;
}

type Step = Middleware<State>;
type Context = ParameterizedContext<State>;

/** The HTTP side: request id and log line, error boundary, then the route. */
export function app(parts: AppParts): Koa<State> {
  const koa = new Koa<State>({ proxy: parts.trustProxy, maxIpsCount: 1 });
  koa.on('error', (error) => {
    const level = isOfConnection(error) ? 'info' : 'error';
    parts.log[level]({ err: error }, 'outside of any request');
  });
  koa.use(requestSpan);
  koa.use(observed(parts));
  koa.use(guarded(parts));
  koa.use(dispatched(parts));
  return koa;
}

/** A client that leaves, or speaks no HTTP. */
const isOfConnection = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  /^(ECONNRESET|ECONNABORTED|EPIPE|HPE_.*)$/.test(String(error.code));

function observed({ log, observe }: AppParts): Step {
  return async (ctx, next) => {
    const start = performance.now();
    const scope = requestScope(ctx);
    ctx.state.scope = scope;
    ctx.set('x-request-id', scope.facts.id);
    if (isAnthropic(ctx)) ctx.set('request-id', scope.facts.id);
    securityHeaders(ctx);
    await next();
    const ms = performance.now() - start;
    const { method, status } = ctx;
    const path = ctx.state.route?.path ?? 'unknown';
    observe?.({ method, path, status, seconds: ms / 1000 });
    log.info({
      request: scope.facts.id,
      ...(scope.facts.clientRequestId ? { client_request: scope.facts.clientRequestId } : {}),
      ...scope.described,
      method,
      path,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(scope.facts.signal.aborted ? { client_gone: true } : {}),
    });
  };
}

function guarded({ log, linkOf }: AppParts): Step {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      report(error, ctx.state.scope, log);
      if (ctx.res.headersSent) ctx.res.destroy();
      else answerError(ctx, error, linkOf);
    }
  };
}

function answerError(ctx: Context, error: unknown, linkOf: LinkOf | undefined): void {
  const answer = errorAnswer(error, { ...audienceOf(ctx), ...(linkOf ? { linkOf } : {}) });
  ctx.respond = true;
  ctx.status = answer.status;
  ctx.set({ ...answer.headers });
  ctx.body = JSON.stringify(answer.body);
  ctx.set('content-type', `${answer.contentType}; charset=utf-8`);
}

function audienceOf(ctx: Context): Audience {
  const { locale, id } = ctx.state.scope.facts;
  return { openAi: isOpenAi(ctx), anthropic: isAnthropic(ctx), locale, requestId: id };
}

const isOpenAi = (ctx: Context): boolean => /^\/v1(\/|$)/.test(pathOf(ctx));
const isAnthropic = (ctx: Context): boolean => /^\/v1\/messages(\/|$)/.test(pathOf(ctx));

/** Nothing for a request line that names no path. */
function pathOf(ctx: Context): string {
  try {
    return ctx.path;
  } catch {
    return '';
  }
}

/** What the caller did wrong is in the request's own line; the rest is ours to look at. */
function report(error: unknown, { facts }: RequestScope, log: Logger): void {
  const { status, code } = errorAnswer(error, { openAi: false, locale: 'en', requestId: facts.id });
  facts.describe({ code });
  if (status < 500) return;
  const level = status === 500 ? 'error' : 'warn';
  log[level]({ request: facts.id, err: error }, `answered ${status} ${code}`);
}

const usualBodyBytes = 256 * 1024 * 1024;

function dispatched({ routes, authenticate, mostBodyBytes = usualBodyBytes }: AppParts): Step {
  const bodies = bodyRoom(mostBodyBytes);
  const match = matcher(routes);
  return async (ctx) => {
    if (isOpenAi(ctx)) shareAnswer(ctx);
    const found = match(methodWanted(ctx), pathOf(ctx));
    if (found.kind === 'unknown') throw new ApiError('not_found');
    const candidates = found.kind === 'found' ? [found.route] : found.routes;
    if (ctx.method === 'OPTIONS') return answerPreflight(ctx, candidates);
    if (candidates.some(isOpenToOrigins)) shareAnswer(ctx);
    if (found.kind === 'wrong_method') throw notAllowed(ctx, found.routes);
    await perform(ctx, found, bodies.enter(), authenticate);
  };
}

async function perform(
  ctx: Context,
  found: Found,
  place: BodyPlace,
  authenticate: Authenticate,
): Promise<void> {
  const { route } = found;
  ctx.state.route = route;
  if (route.produces.startsWith('text/html')) pageHeaders(ctx);
  // Who hangs up leaves at once; who doesn't read a whole answer keeps nothing of what was asked.
  ctx.res.once('close', place.leave);
  try {
    await send(ctx, route, await route.run(exchangeOf(ctx, found, place), authenticate));
  } finally {
    place.leave();
  }
}

const methodWanted = (ctx: Context): string =>
  ctx.method === 'OPTIONS' ? ctx.get('access-control-request-method') : ctx.method;

function notAllowed(ctx: Context, routes: readonly Route[]): ApiError {
  const methods = routes.map(({ method }) => method).join(', ');
  ctx.set('allow', methods);
  return new ApiError('method_not_allowed', { values: { methods } });
}

const exchangeOf = (ctx: Context, { route, params }: Found, place: BodyPlace): Exchange => ({
  authorization: authorizationOf(ctx),
  idempotencyKey: ctx.get('idempotency-key'),
  params,
  query: ctx.querystring === '' ? {} : Object.fromEntries(new URLSearchParams(ctx.querystring)),
  readBody: (accepts, limitBytes) => readBody(ctx.req, { accepts, limitBytes, place }),
  request: { ...ctx.state.scope.facts, endpoint: route.path },
});

type Found = Extract<Match, { kind: 'found' }>;

/** Anthropic's clients send their key in a header of its own. */
function authorizationOf(ctx: Context): string | undefined {
  const key = isAnthropic(ctx) ? ctx.get('x-api-key') : '';
  return key === '' ? ctx.req.headers.authorization : `Bearer ${key}`;
}

async function send(ctx: Context, route: Route, answer: Answer<unknown>): Promise<void> {
  ctx.status = answer.status ?? route.status;
  if (answer.headers) ctx.set({ ...answer.headers });
  if (answer.position !== undefined && answer.position !== null) {
    ctx.set('x-position', answer.position.toString());
  }
  if ('stream' in answer) {
    ctx.set('content-type', answer.type);
    ctx.respond = false;
    await answer.stream(ctx.res);
  } else if ('text' in answer) {
    ctx.set('content-type', answer.type);
    ctx.body = answer.text;
  } else if (answer.body === undefined) {
    ctx.body = null;
  } else {
    ctx.set('content-type', 'application/json; charset=utf-8');
    ctx.body = JSON.stringify(answer.body);
  }
}
