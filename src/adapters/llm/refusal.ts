import { z } from 'zod';
import type { RefusalMeaning } from './call-fault.ts';
import { broken, CallFault, refusedFor } from './call-fault.ts';
import type { NameOf } from './field-names.ts';
import { hasPlace, speaksOfPlaces, withNames } from './field-names.ts';
import { isHarmless, isHarmlessField } from './harmless-words.ts';
import { parseJson } from './json.ts';
import type { OperatorsFault } from './operators-fault.ts';
import { operatorsFault } from './operators-fault.ts';
import { meaningOf } from './refusal-meaning.ts';
import { saidIn } from './said-in-error.ts';

const Refusal = z.object({
  error: z.object({ message: z.string(), param: z.string().nullish() }),
});

/** The request itself is wrong, so every upstream would say the same. */
const blamesRequest = new Set([400, 413, 422]);
const wrongKey = new Set([401, 402]);
/** Some say with it that they won't answer; another one may. */
const forbidden = 403;

/** What was refused. */
export interface Refused {
  /** The upstream's own name of it. */
  readonly model: string;
  /** So long it asks to wait. */
  readonly retryAfterMs?: number | undefined;
  /** The request says so itself; absent: it says nothing. */
  readonly isQuoted?: (said: string) => boolean;
  /**
   * It was asked in a protocol that is not OpenAI's, whose names for fields are called so in a chat; null: they
   * are not said. Where something is in its request is not where it is in ours.
   */
  readonly names?: Readonly<Record<string, string | null>>;
  /** A picture was asked for. */
  readonly isPicture?: boolean;
}

/** What an upstream's error status means to a call. */
export function refusal(status: number, body: string, asked: Refused): CallFault {
  const isClients = status >= 400 && status < 500;
  const told = isClients ? operatorsFault(body, asked.isQuoted) : undefined;
  const fault = wrongKey.has(status) ? 'key' : told;
  const about = fault ? ` about its ${fault}` : '';
  const cause = new Error(`The upstream answered ${status}${about}.`);
  const blames = blamesRequest.has(status);
  if (fault || !(blames || status === forbidden)) return failure(status, fault, asked, cause);
  const { message, param } = said(body, asked);
  const meaning = named(meaningOf(parseJson(body), asked.isQuoted), asked);
  if (meaning) return refusedFor(meaning, { param, cause, ...(blames ? {} : { retryable: true }) });
  if (!blames) return failure(status, fault, asked, cause);
  const why = message === undefined ? {} : ({ why: 'upstream_said', values: { message } } as const);
  return new CallFault('upstream_refused', 'The model refused this request as invalid.', {
    ...{ param, cause, ...why },
  });
}

/** OpenAI has another name for content that is not drawn. */
const named = (
  meaning: ReturnType<typeof meaningOf>,
  { isPicture = false }: Pick<Refused, 'isPicture'>,
): RefusalMeaning | undefined =>
  meaning === 'content_filter' && isPicture ? 'content_policy_violation' : meaning;

/** An error in the place of a stream's next event; it keeps what the upstream wrote. */
export function streamRefusal(event: unknown, asked: Pick<Refused, 'isPicture'> = {}): CallFault {
  const meaning = named(meaningOf(event), asked);
  const fault = meaning ? refusedFor(meaning) : isLimited(event) ? tooMuch() : brokenOff();
  return fault.sayingAll(JSON.stringify(event));
}

/** Codes and types of a limit that was reached, as providers document them; a stream has no status to say it. */
const limits = new RegExp(
  [
    // OpenAI, Anthropic, and who copies them; OpenRouter's are statuses.
    '^rate_?limit_?(exceeded|error)$|^too_?many_?requests$|^429$',
    // Gemini, DashScope, Ark, BigModel.
    '^RESOURCE_EXHAUSTED$|^(limit_requests|Throttling\\b.*)$|RateLimitExceeded|^130[235]$',
  ].join('|'),
  'i',
);

const isLimited = (event: unknown): boolean =>
  saidIn(event).named.some((code) => limits.test(code));

const tooMuch = () =>
  new CallFault('upstream_limited', 'The upstream broke off: it is asked too much.', {
    ...{ retryable: true, passing: true, ofKey: true },
    ...{ why: 'model_busy', values: { seconds: 1 } },
  });

const brokenOff = () => broken('The upstream broke off its answer.');

/** Whose key isn't taken, or isn't paid for, may have another one that is. */
function failure(
  status: number,
  fault: OperatorsFault | undefined,
  { retryAfterMs }: Refused,
  cause: Error,
): CallFault {
  const isLimited = status === 429 && fault !== 'key';
  const passing = isLimited || status === 408 || status >= 500;
  return new CallFault(isLimited ? 'upstream_limited' : 'upstream_failed', 'The upstream failed.', {
    ...{ retryable: true, passing, retryAfterMs, cause },
    // A wrong key concerns every call, a model that is not there only its own.
    isWell: !passing && fault !== 'key',
    ofKey: isLimited || fault === 'key',
  });
}

interface Said {
  readonly message: string | undefined;
  readonly param: string | undefined;
}

/** The upstream's own words where they are harmless; they help the caller most. */
function said(body: string, { model, names }: Refused): Said {
  const parsed = Refusal.safeParse(parseJson(body));
  if (!parsed.success) return { message: undefined, param: undefined };
  const { message, param } = parsed.data.error;
  const tells = (text: string) => text.toLowerCase().includes(model.toLowerCase());
  const nameOf = inChat(names);
  const isSaid = isHarmless(message) && !tells(message) && !(names && speaksOfPlaces(message));
  return {
    message: isSaid ? withNames(message, nameOf) : undefined,
    param: param && isHarmlessField(param) && !tells(param) ? nameOf(param) : undefined,
  };
}

/** What a path into what an upstream was asked is called in the chat that it was made of. */
const inChat =
  (names: Refused['names']): NameOf =>
  (path) => {
    if (!names) return path;
    if (hasPlace(path)) return undefined;
    return Object.hasOwn(names, path) ? (names[path] ?? undefined) : path;
  };
