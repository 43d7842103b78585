import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { OutcomeUnknown } from '../adapters/eventstore/execute.ts';
import { isPassingFault } from '../adapters/postgres/passing-fault.ts';
import { EventFromNewerVersion } from '../domain/events.ts';
import { Rejection, RejectionCode } from '../domain/rejection.ts';
import { anthropicBody } from './anthropic/error-body.ts';
import type { ErrorCode, ErrorKind } from './error-table.ts';
import { errorTable } from './error-table.ts';
import type { LinkOf } from './links.ts';
import type { Locale } from './locale.ts';
import type { Values } from './messages.ts';
import { errorText, isReason, reasonText } from './messages.ts';
import type { Reason } from './reasons.ts';

/** One field of a request that is wrong. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

interface ApiErrorDetails extends ErrorOptions {
  /** The part of the request that is to blame, for OpenAI's `param`. */
  readonly param?: string;
  /** Fills the placeholders of the message. */
  readonly values?: Values;
  /** The catalogue's text for this takes the place of its text for the code. */
  readonly why?: Reason | undefined;
  readonly fields?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
}

/** A refusal or failure that the edge itself decides; its text comes from the catalogue. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  /** Private, so that no log ever writes it: an upstream's words may quote what was asked. */
  readonly #details: ApiErrorDetails;

  constructor(code: ErrorCode, details: ApiErrorDetails = {}) {
    super(saying({ code, details: withoutTheirWords(details) }, 'en'), details);
    this.name = 'ApiError';
    this.code = code;
    this.#details = details;
  }

  get details(): ApiErrorDetails {
    return this.#details;
  }
}

/** What an error says where anybody may read it. */
const withoutTheirWords = ({ why, ...details }: ApiErrorDetails): ApiErrorDetails =>
  why === 'upstream_said' ? details : { ...details, why };

/** Where an answer goes: what shape and language its errors have. */
export interface Audience {
  /** All of `/v1`. */
  readonly openAi: boolean;
  /** What of it speaks Anthropic's protocol. */
  readonly anthropic?: boolean;
  readonly locale: Locale;
  readonly requestId: string;
  readonly linkOf?: LinkOf;
}

export interface ErrorAnswer {
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Translates whatever was thrown; nothing that isn't meant for the caller gets through. */
export function errorAnswer(error: unknown, audience: Audience): ErrorAnswer {
  const known = toApiError(error);
  const { code, details } = known;
  const kind = errorTable[code];
  const text = textOf(known, audience);
  return {
    status: statusOf(code, audience),
    code,
    headers: headersOf(kind, details.retryAfterSeconds),
    contentType: audience.openAi ? 'application/json' : 'application/problem+json',
    body: bodyOf(known, audience, text),
  };
}

function bodyOf(error: ApiError, audience: Audience, text: string) {
  const url = audience.linkOf?.(error.code, error.details.why);
  const link = url === undefined ? {} : { url };
  if (!audience.openAi) return { ...problem(error, audience, text), ...link };
  const kind = errorTable[error.code];
  const body = audience.anthropic
    ? anthropicBody(kind.status, text, audience.requestId)
    : openAiBody(error, kind, text);
  return { ...body, error: { ...body.error, ...link } };
}

/** How a refusal is stored with an `Idempotency-Key`: in English, and so that it can be said in any language. */
export function storedRefusal(rejection: Rejection) {
  const { code, details } = toApiError(rejection);
  const status = statusOf(code, { openAi: false });
  const said = { why: details.why ?? null, values: { ...details.values } };
  return { status, body: { ...problemOf(code, status, saying({ code, details }, 'en')), ...said } };
}

const StoredRefusal = z.object({
  code: RejectionCode,
  why: z.string().nullish(),
  values: z.record(z.string(), z.string()).optional(),
});

/** A stored refusal, to be said again; undefined for one that only a newer release knows. */
export function refusalFrom(body: unknown): ApiError | undefined {
  const stored = StoredRefusal.safeParse(body);
  if (!stored.success) return undefined;
  const { code, why, values = {} } = stored.data;
  return new ApiError(code, isReason(why) ? { why, values } : { values });
}

/** The status of a code where it is answered. */
export function statusOf(code: ErrorCode, { openAi }: Pick<Audience, 'openAi'>): number {
  const { status, apiStatus } = errorTable[code];
  return openAi ? status : (apiStatus ?? status);
}

/** OpenAI's error object, also for an event in the middle of a stream. */
export const openAiBody = (error: ApiError, { type }: ErrorKind, message: string) => ({
  error: { message, type, param: error.details.param ?? null, code: error.code },
});

const problem = ({ code, details }: ApiError, audience: Audience, detail: string) => ({
  ...problemOf(code, statusOf(code, audience), detail),
  ...withFields(details, detail),
});

/** The fields that are wrong; of a refusal that blames one, that one. */
function withFields({ fields, param }: ApiErrorDetails, message: string) {
  if (fields) return { errors: fields };
  return param === undefined ? {} : { errors: [{ field: param, message }] };
}

const problemOf = (code: ErrorCode, status: number, detail: string) => ({
  type: `urn:llm-member:error:${code}`,
  title: STATUS_CODES[status] ?? 'Error',
  status,
  detail,
  code,
});

function textOf({ code, details }: ApiError, { locale, requestId }: Audience): string {
  const fields = details.fields?.map((each) => `${each.field}: ${each.message}`).join('; ');
  if (fields) return fields;
  return saying({ code, details }, locale, { requestId });
}

/** The catalogue's most telling text. */
function saying(
  { code, details }: Pick<ApiError, 'code' | 'details'>,
  locale: Locale,
  more: Values = {},
): string {
  const values = { ...more, ...details.values };
  return details.why ? reasonText(details.why, locale, values) : errorText(code, locale, values);
}

function headersOf(
  { status, retryAfterSeconds, final }: ErrorKind,
  asked?: number,
): Record<string, string> {
  const seconds = asked ?? retryAfterSeconds;
  return {
    ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
    ...(final ? { 'x-should-retry': 'false' } : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  };
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Rejection) {
    const { code, retryAfterSeconds, why, values } = error;
    const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    return new ApiError(code, { cause: error, why, values, ...wait });
  }
  if (error instanceof OutcomeUnknown) return new ApiError('outcome_unknown', { cause: error });
  if (error instanceof EventFromNewerVersion) {
    return new ApiError('event_from_newer_version', { cause: error });
  }
  const code = isPassing(error) ? 'unavailable' : 'internal_error';
  return new ApiError(code, { cause: error });
}

/** A fault that passes by itself: the log, Postgres or the mail server is away for a moment. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('retryable' in error && error.retryable === true) return true;
  return isPassingFault(error) || isPassing(error.cause);
}
