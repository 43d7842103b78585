import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Authenticate, Caller, Callers, Who } from './caller.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { knownParameters } from './known-parameters.ts';
import type { Locale } from './locale.ts';
import { parse } from './parse.ts';
import type { Accepts } from './read-body.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a handler may know of the request beside its parsed parts. */
export interface RequestFacts {
  /** Ours; also the correlation id of every event that the request causes. */
  readonly id: string;
  readonly clientRequestId: string | null;
  readonly ip: string;
  readonly userAgent: string;
  /** Any other header, by its lower-case name; empty when it isn't there. */
  readonly header: (name: string) => string;
  readonly locale: Locale;
  /** Aborts when the client is gone before its answer is complete. */
  readonly signal: AbortSignal;
  /** The path of its route; empty before there is one. */
  readonly endpoint: string;
  /** Adds to this request's log line; never content. */
  describe(facts: Readonly<Record<string, string>>): void;
  /** Adds headers to the answer, whatever it will be; without effect once it has begun. */
  answerWith(headers: Readonly<Record<string, string>>): void;
}

interface AnswerHead {
  /** Instead of the route's own. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Log position of what was written, told as `x-position`. */
  readonly position?: bigint | null;
}

/**
 * What a handler returns: a JSON body, a text, or a writer that is given the response after its
 * head is set (nothing is sent before the writer's first byte). The writer ends the response and
 * resolves when it is done; if it throws, the connection is cut.
 */
export type Answer<Body> = AnswerHead &
  (
    | { readonly body: Body }
    | { readonly text: string; readonly type: string }
    | { readonly stream: (response: ServerResponse) => Promise<void>; readonly type: string }
  );

export interface Input<W extends Who, Params, Query, Body> {
  readonly caller: Callers[W];
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: RequestFacts;
  /** Only where the route is `idempotent`; empty elsewhere. */
  readonly idempotencyKey: string;
}

interface Spec<
  W extends Who,
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Reply extends z.ZodType,
> {
  readonly method: Method;
  /** Segments of it may be `:name`. */
  readonly path: `/${string}`;
  readonly who: W;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** What a body is sent as; JSON unless said. */
  readonly accepts?: Accepts;
  /** Of the body; 2 MiB unless said, and 64 KiB of anyone's. */
  readonly limitBytes?: number;
  readonly reply: Reply;
  /** What a reply is sent as; JSON unless said. */
  readonly produces?: string;
  /** 200 unless said. */
  readonly status?: number;
  /** Needs an `Idempotency-Key`. */
  readonly idempotent?: boolean;
  readonly handle: (
    input: Input<W, z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Answer<z.output<Reply>>> | Answer<z.output<Reply>>;
}

/** A request on its way to a route, nothing of it checked. */
export interface Exchange {
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly readBody: (accepts: Accepts, limitBytes: number) => Promise<unknown>;
  readonly request: RequestFacts;
}

/** An endpoint as data: what runs it and what describes it. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly who: Who;
  readonly summary: string;
  readonly status: number;
  readonly idempotent: boolean;
  readonly schemas: {
    readonly params: z.ZodType | undefined;
    readonly query: z.ZodType | undefined;
    readonly body: z.ZodType | undefined;
    readonly reply: z.ZodType;
  };
  readonly accepts: Accepts;
  readonly produces: string;
  run(exchange: Exchange, authenticate: Authenticate): Promise<Answer<unknown>>;
}

const usualLimitBytes = 2 * 1024 * 1024;
/** Nobody asks whose it is before it is read, and all bodies share one room. */
const anyoneLimitBytes = 64 * 1024;

const limitFor = (who: Who): number => (who === 'anyone' ? anyoneLimitBytes : usualLimitBytes);

/** Makes an endpoint: the same object is the handler and its description in `/openapi.json`. */
export function route<
  const W extends Who,
  Reply extends z.ZodType,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: Spec<W, Params, Query, Body, Reply>): Route {
  const { method, path, who, summary, params, query, body, reply } = spec;
  const accepts = spec.accepts ?? 'json';
  const idempotent = spec.idempotent ?? false;
  const limitBytes = spec.limitBytes ?? limitFor(who);
  const known = knownParameters(spec);
  return {
    method,
    path,
    who,
    summary,
    status: spec.status ?? 200,
    idempotent,
    schemas: { params, query, body, reply },
    accepts,
    produces: spec.produces ?? 'application/json',
    async run(exchange, authenticate) {
      const { request } = exchange;
      const caller = await authenticate[who](exchange.authorization);
      describeCaller(caller, request);
      checked(known, exchange.query, request.locale);
      const input = {
        caller,
        params: checked(params, exchange.params, request.locale),
        query: checked(query, exchange.query, request.locale),
        body: checked(body, body && (await exchange.readBody(accepts, limitBytes)), request.locale),
        request,
        idempotencyKey: idempotent ? idempotencyKeyOf(exchange.idempotencyKey) : '',
      };
      return spec.handle(input);
    },
  };
}

function checked<Schema extends z.ZodType>(
  schema: Schema | undefined,
  value: unknown,
  locale: Locale,
): z.output<Schema> {
  if (schema) return parse(schema, value, locale);
  // Without a schema the type parameter is its default, whose only value is undefined.
  return undefined as z.output<Schema>;
}

function describeCaller(caller: Caller, request: RequestFacts): void {
  if (!caller) return;
  const key = caller.type === 'key' ? { key: caller.keyId } : {};
  request.describe({ member: caller.memberId, ...key });
}
