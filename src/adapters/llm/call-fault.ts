/** What a refusal means where OpenAI has a name for it, by which clients shorten or ask otherwise. */
export type RefusalMeaning =
  | 'context_length_exceeded'
  | 'content_filter'
  | 'content_policy_violation'
  | 'string_above_max_length';

/** Every way a call ends without an answer, or without the rest of it. */
export type CallFaultCode =
  | 'model_not_found'
  /** Its upstream is about to be there. */
  | 'model_opening'
  | 'model_unavailable'
  /** None of its candidates is for such calls. */
  | 'model_not_routed'
  | 'budget_spent'
  | 'unsupported_input'
  | 'upstream_refused'
  | RefusalMeaning
  | 'upstream_failed'
  | 'upstream_limited'
  | 'upstream_timed_out'
  | 'client_closed'
  | 'client_stalled'
  | 'timed_out'
  | 'shut_down'
  | 'charge_unknown';

/** Why, where a code alone doesn't say it; a text of the message catalogue. */
export type CallFaultReason =
  | 'files_unbounded'
  | 'files_uncounted'
  | 'kept_elsewhere'
  | 'model_busy'
  | 'not_a_file'
  | 'not_a_sound'
  | 'not_offered'
  | 'not_priced'
  | 'not_served'
  | 'unknown_role'
  | 'unsupported_field'
  | 'upstream_said'
  | 'writes_at_most';

interface Details extends ErrorOptions {
  /** Another upstream may do better. */
  readonly retryable?: boolean;
  /** The same upstream may do better in a moment. */
  readonly passing?: boolean;
  /** It is about this model or account; the upstream itself is well. */
  readonly isWell?: boolean;
  /** It is about the key that was used: another one of the same upstream may do better. */
  readonly ofKey?: boolean;
  /** When it says that it may be asked again, from then on. */
  readonly retryAfterMs?: number | undefined;
  /** The field of the request that is to blame. */
  readonly param?: string | undefined;
  readonly why?: CallFaultReason | undefined;
  /** What its text names; none of it tells who is behind an alias. */
  readonly values?: Readonly<Record<string, string | number>>;
}

/** Why a call has no answer. Its message is for developers and logs. */
export class CallFault extends Error {
  readonly code: CallFaultCode;
  readonly retryable: boolean;
  readonly passing: boolean;
  readonly isWell: boolean;
  readonly ofKey: boolean;
  readonly retryAfterMs: number | undefined;
  readonly param: string | undefined;
  readonly why: CallFaultReason | undefined;
  /** Private, as the one below: it may be what the upstream said. */
  readonly #values: NonNullable<Details['values']>;
  /** Private, so that no log ever writes it: it may name accounts, and quote what was asked. */
  #upstreamText: string | undefined;

  constructor(code: CallFaultCode, message: string, details: Details = {}) {
    super(message, details);
    this.name = 'CallFault';
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.passing = details.passing ?? false;
    this.isWell = details.isWell ?? false;
    this.ofKey = details.ofKey ?? false;
    this.retryAfterMs = details.retryAfterMs;
    this.param = details.param;
    this.why = details.why;
    this.#values = details.values ?? {};
  }

  get values(): NonNullable<Details['values']> {
    return this.#values;
  }

  /** The same fault, which keeps what the upstream wrote for whoever may read it. */
  sayingAll(text: string): this {
    this.#upstreamText = text;
    return this;
  }

  /** Without a secret that the upstream may have repeated. */
  hiding(secret: string): this {
    if (secret !== '') this.#upstreamText = this.#upstreamText?.replaceAll(secret, '***');
    return this;
  }

  upstreamText(): string | undefined {
    return this.#upstreamText?.slice(0, mostUpstreamCharacters);
  }
}

const mostUpstreamCharacters = 4_000;

/** What an upstream did wrong; another one may do better. */
export const broken = (message: string, cause?: unknown): CallFault =>
  new CallFault('upstream_failed', message, { retryable: true, cause });

export const unusable = (): CallFault => broken('The upstream gave no usable answer.');

const refusals: Readonly<Record<RefusalMeaning | 'upstream_refused', true>> = {
  upstream_refused: true,
  context_length_exceeded: true,
  content_filter: true,
  content_policy_violation: true,
  string_above_max_length: true,
};

/** It is about the request: whoever said so is well. */
export const isRefusal = ({ code }: CallFault): boolean => Object.hasOwn(refusals, code);

/** A refusal that has a name. A longer context than one model's may fit another one. */
export const refusedFor = (
  meaning: RefusalMeaning,
  { retryable = meaning === 'context_length_exceeded', ...details }: Details = {},
): CallFault =>
  new CallFault(meaning, 'The model refused this request.', {
    ...{ ...details, retryable, isWell: true },
  });
