import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CallFault } from './call-fault.ts';
import type { Json } from './upstream.ts';

/** A piece of an answer; kinds that we don't ask for have none of these. */
export const Part = z.looseObject({
  text: z.string().optional(),
  /** The text is a summary of what was thought. */
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  functionCall: z
    .looseObject({
      id: z.string().optional(),
      name: z.string(),
      args: z.looseObject({}).nullish(),
    })
    .optional(),
});
export type Part = z.output<typeof Part>;

const Token = z.looseObject({ token: z.string().default(''), logProbability: z.number() });

const Candidate = z.looseObject({
  index: z.int().min(0).optional(),
  content: z.looseObject({ parts: z.array(Part).default([]) }).optional(),
  finishReason: z.string().optional(),
  logprobsResult: z
    .looseObject({
      chosenCandidates: z.array(Token).default([]),
      topCandidates: z.array(z.looseObject({ candidates: z.array(Token).default([]) })).default([]),
    })
    .optional(),
});
export type Candidate = z.output<typeof Candidate>;

/** A whole answer, or as much of one as an event of a stream tells. */
export const Generated = z.looseObject({
  candidates: z.array(Candidate).default([]),
  promptFeedback: z.looseObject({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z.unknown().optional(),
  error: z.unknown().optional(),
});

/** Makes the id of a call that came without one. */
export type NewId = () => string;
export const newCallId: NewId = () => `call_${randomUUID().replaceAll('-', '')}`;

/** Calls as OpenAI has them; a signature travels with its call, whose next turn is refused without it. */
export const callsOf = (parts: readonly Part[], newId: NewId): readonly Json[] =>
  parts.flatMap(({ functionCall: call, thoughtSignature: signature }) =>
    call === undefined
      ? []
      : [
          {
            id: call.id || newId(),
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.args ?? {}) },
            ...(signature ? { extra_content: { thought_signature: signature } } : {}),
          },
        ],
  );

/** What parts say, and what they think. */
export const textIn = (parts: readonly Part[], thought: boolean): string =>
  parts.map((part) => (Boolean(part.thought) === thought ? (part.text ?? '') : '')).join('');

const finishReasons: Readonly<Record<string, string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  LANGUAGE: 'content_filter',
  MODEL_ARMOR: 'content_filter',
};
/** The model went wrong, and what it said is no answer. */
const failures = /^(MALFORMED_|UNEXPECTED_TOOL_CALL|TOO_MANY_TOOL_CALLS|MISSING_THOUGHT_SIGNATURE)/;

/** Why an answer ended, in OpenAI's words, or a fault. */
export function finishOf(reason: string, hasCalled: boolean): string {
  if (failures.test(reason)) {
    // A request can make a model do so whenever it likes: the upstream itself is well.
    throw new CallFault('upstream_failed', 'The upstream broke off its answer.', {
      ...{ retryable: true, isWell: true },
    });
  }
  const finish = finishReasons[reason] ?? 'stop';
  return finish === 'stop' && hasCalled ? 'tool_calls' : finish;
}

/** How probable each token was, as OpenAI tells it; null where nobody asked. */
export function logprobsOf({ logprobsResult: result }: Candidate): Json | null {
  if (!result) return null;
  const content = result.chosenCandidates.map((chosen, step) => ({
    ...probable(chosen),
    top_logprobs: (result.topCandidates[step]?.candidates ?? []).map(probable),
  }));
  return { content, refusal: null };
}

const probable = ({ token, logProbability: logprob }: z.output<typeof Token>) => ({
  token,
  logprob,
  bytes: [...Buffer.from(token)],
});
