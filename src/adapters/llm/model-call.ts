import type { CallFacts } from '../../domain/wallet/call-events.ts';
import type { Rate, RateRoom } from '../../domain/wallet/rates.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import type { NameOf } from './field-names.ts';
import type { Json } from './upstream.ts';

/** A call of a model that a member may make; nothing of it is planned or paid for yet. */
export interface ModelCall {
  readonly facts: CallFacts;
  readonly walletId: string;
  /** What is asked of the model. */
  readonly endpoint: EndpointName;
  /** What the member sent, unknown fields and all. */
  readonly body: Readonly<Json>;
  /** Fields that the body has from its alias, and not from who calls. */
  readonly defaults?: ReadonlySet<string>;
  /** Words that stand for what the alias has added: its fields, and the role of its prompt. */
  readonly unsaid?: ReadonlySet<string>;
  /** What the body's fields are called in the request that it was made of; absent: the same. */
  readonly nameOf?: NameOf;
  /** The same request as one of Responses; only who speaks that is told. */
  readonly native?: Readonly<Json> | undefined;
  /** The body says some things in Anthropic's words; only who has them is told. */
  readonly extended?: boolean;
  /** The answer comes in pieces: events, or the bytes of a sound. */
  readonly stream: boolean;
  /** Answers asked for: choices, of all prompts together, or images. */
  readonly n: number;
  /** Output tokens asked for, of each answer; undefined: the alias decides. */
  readonly outputTokens: number | undefined;
  /** A stream is to end with a chunk that says the usage. */
  readonly wantsUsage: boolean;
  /** What the member is charged is to stand beside the usage; a stream then ends with that chunk. */
  readonly wantsCost?: boolean;
  /** What the caller says the call is for; routes may have conditions on it. */
  readonly scenario?: string | undefined;
  /** The member's plan, and the client app that the call comes from; routes and budgets know them. */
  readonly plan?: string | undefined;
  readonly clientApp?: string | undefined;
  /** Limits that apply beside those of the wallet, its keys and the alias. */
  readonly rates?: readonly Rate[];
  /** Whoever asks may know who answers, and what upstreams say. */
  readonly transparent?: boolean;
  /** Told what the limits of the minute leave, when the wallet has decided. */
  readonly limited?: (room: RateRoom) => void;
  /** Told of every upstream that is asked. */
  readonly asked?: (candidate: { readonly upstream: string; readonly model: string }) => void;
  /** Aborts when the client is gone, or with the reason `client_stalled` when it stopped reading. */
  readonly client: AbortSignal;
}

/**
 * What a member gets. A body is charged before it is here. Chunks come as fast as they are read;
 * the iterable ends when the charge is recorded and throws a `CallFault` for a broken answer.
 */
export type ModelAnswer = {
  /** Fields of the request that were not passed on. */
  readonly ignored?: readonly string[];
} & (
  | { readonly stream: false; readonly body: Json }
  | {
      readonly stream: true;
      readonly chunks: AsyncIterable<readonly Json[]>;
      /** Aborts when the call is over, however that came; a writer that waits for its client stops. */
      readonly ended: AbortSignal;
    }
);
