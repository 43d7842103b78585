import type { Usage } from '../../../domain/price-list/usage.ts';
import type { AnswerStream } from '../answer-stream.ts';
import type { Form } from '../form.ts';
import type { Input } from '../input.ts';
import type { Json, UpstreamRequest } from '../upstream.ts';
import type { Change } from '../written.ts';
import type { Measure } from './measure.ts';

/** What may be asked of a model; `endpoints.ts` has them all. */
export type EndpointName =
  | 'chat'
  | 'completions'
  | 'embeddings'
  | 'moderations'
  | 'image_generations'
  | 'image_edits'
  | 'speech'
  | 'transcriptions'
  | 'translations';

/** What differs between servers of OpenAI's protocol. */
export interface Spelling {
  /** The one field that carries a chat's output limit, whichever the member used. */
  readonly outputLimit: 'max_completion_tokens' | 'max_tokens';
  /** Sounds in a chat are addresses that hold them; bare base64 unless said. */
  readonly soundsAs?: 'data_url';
  /** Who reads the files in a chat is said with them, for another way may have a price; as it likes unless said. */
  readonly filesReadBy?: 'model';
  /** What a model signed a call of a tool with is told as Google's servers do; as it came unless said. */
  readonly signaturesAs?: 'google';
}

export interface AnswerHead {
  readonly isChunk: boolean;
  /** Seconds since 1970. */
  readonly created: number;
}

/**
 * One kind of question as data: how it is read, bounded, sent, counted and disguised. All else of a
 * call is the same for all of them.
 */
export interface Endpoint {
  /** Behind the base URL of a server of OpenAI's protocol. */
  readonly path: string;
  /** How its calls may be counted; the first that a price list can rate is taken. */
  readonly measures: readonly [Measure, ...Measure[]];
  /** Reads what becomes input; throws a `CallFault` for what can't be bounded. */
  inputOf(body: Readonly<Json>): Input;
  /** The member's body as such a server takes it, with what we decide in it. */
  bodyOf(request: UpstreamRequest, spelling: Spelling): Json | Form;
  /** A whole answer's text, or a fault. */
  answerOf(text: string, request: UpstreamRequest): Json;
  /** What an answer, or a stream's last chunk, says that was used; nothing of it is checked. */
  saidIn(answer: Json): unknown;
  /** A stream is bytes, each chunk a `{ bytes }`, and no events. */
  streamsBytes(body: Readonly<Json>): boolean;
  /** A whole answer as a stream's only event, where some models know no streams; null: none may. */
  readonly asEvent: ((answer: Json) => Json) | null;
  /** For one stream: its events as chunks. */
  stream(): AnswerStream;
  /**
   * Whether a chunk may be a stream's last, which waits for the charge; null: a chunk of its own says the
   * usage at the end, for who wants to see it, and is the one that waits.
   */
  readonly mayBeLast: ((chunk: Json) => boolean) | null;
  /** The parts of a chunk or a body in which a model writes. */
  choicesIn(answer: Json): readonly Json[];
  /** Names that such a part carries: tokens, but no text. */
  namesIn(choice: Json): readonly unknown[];
  /** Puts every text that such a part carries through `change`, in place. */
  changeText(choice: Json, change: Change): void;
  /** The sound that such a part carries beside its text, as base64. */
  soundIn(choice: Json): unknown;
  /** How many whole things that are sold by the piece are in a chunk or a body. */
  piecesIn(answer: Json): number;
  /** Fills in, in place, what its clients rely on and an upstream left out; absent: nothing. */
  complete?(answer: Json, head: AnswerHead): void;
  /** How the ids of its answers begin; null: they have none. */
  readonly idPrefix: string | null;
  /** Its answers name the model. */
  readonly namesModel: boolean;
  /** A usage as its answers write it, for one whose upstream gave none. */
  usageAs(usage: Usage): Json | undefined;
}
