import type { UpstreamKind } from '../../../../src/domain/upstream/events.ts';
import type { Scripted } from '../../../support/scripted-server.ts';

/** What a provider documents: how it is asked, what it answers, and how it refuses. */
export interface ProviderCase {
  readonly kind: UpstreamKind;
  /** Behind the server's address in the base URL. */
  readonly base: string;
  readonly path: string;
  readonly probePath: string;
  readonly keyHeader: readonly [name: string, value: string];
  readonly limit: 'max_tokens' | 'max_completion_tokens' | 'maxOutputTokens';
  readonly whole: Scripted;
  readonly stream: Scripted;
  /** Of both. */
  readonly usage: Readonly<Record<string, number>>;
  readonly refusals: readonly Refusal[];
}

/** A documented error and what it means to a call. */
export type Refusal = readonly [what: string, answer: Scripted, meaning: Meaning];
export type Meaning = 'theirs' | 'filtered' | 'too_long' | 'key' | 'model' | 'limited' | 'busy';

export const key = 'sk-of-a-provider';
export const bearer = ['authorization', `Bearer ${key}`] as const;
/** What each of them says, whole and in a stream. */
export const text = '你好, world';
