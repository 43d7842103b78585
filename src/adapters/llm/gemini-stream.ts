import type { AnswerStream } from './answer-stream.ts';
import { unusable } from './call-fault.ts';
import type { Candidate, NewId, Part } from './gemini-candidate.ts';
import { callsOf, finishOf, Generated, logprobsOf, newCallId, textIn } from './gemini-candidate.ts';
import { geminiUsage } from './gemini-usage.ts';
import { isJson, parseJson } from './json.ts';
import { streamRefusal } from './refusal.ts';
import type { Json } from './upstream.ts';

interface Choice {
  calls: number;
  isFinished: boolean;
}

/**
 * One stream of Gemini's as chunks of OpenAI's. It has no mark at its end, and every event counts all
 * tokens so far: the last count is told when the bytes end.
 */
export function geminiStream(newId: NewId = newCallId): AnswerStream {
  const choices = new Map<number, Choice>();
  let counted: Json = {};

  const told = (candidate: Candidate): readonly Json[] => {
    const { index = 0, finishReason: reason, content } = candidate;
    const isNew = !choices.has(index);
    const choice = choices.get(index) ?? { calls: 0, isFinished: false };
    choices.set(index, choice);
    const calls = callsOf(content?.parts ?? [], newId).map((call) => {
      choice.calls += 1;
      return { index: choice.calls - 1, ...call };
    });
    const said = saying(content?.parts ?? [], calls);
    const logprobs = logprobsOf(candidate);
    const chunks: Json[] = [];
    if (said || logprobs) {
      const delta = { ...(isNew ? { role: 'assistant' } : {}), ...said };
      chunks.push(chunkOf({ index, delta, logprobs, finish_reason: null }));
    }
    if (isEnd(reason) && !choice.isFinished) {
      choice.isFinished = true;
      const finish = finishOf(reason, choice.calls > 0);
      chunks.push(chunkOf({ index, delta: {}, finish_reason: finish }));
    }
    return chunks;
  };

  const chunksOf = (data: string): readonly Json[] => {
    const parsed = Generated.safeParse(parseJson(data));
    if (!parsed.success) throw unusable();
    const { candidates, promptFeedback, usageMetadata, error } = parsed.data;
    if (error) throw streamRefusal({ error });
    if (isJson(usageMetadata)) counted = { ...counted, ...usageMetadata };
    if (promptFeedback?.blockReason && candidates.length === 0) {
      return told({ index: 0, finishReason: 'SAFETY' });
    }
    return candidates.flatMap(told);
  };

  return {
    read: (events) => events.flatMap(chunksOf),
    begun: () => choices.size > 0,
    ended: () => false,
    finished: () => choices.size > 0 && [...choices.values()].every(({ isFinished }) => isFinished),
    end() {
      const usage = geminiUsage(counted);
      return usage ? [{ ...chunkOf(), usage }] : [];
    },
  };
}

const isEnd = (reason: string | undefined): reason is string =>
  reason !== undefined && reason !== 'FINISH_REASON_UNSPECIFIED';

const chunkOf = (...choices: readonly Json[]): Json => ({
  object: 'chat.completion.chunk',
  created: Math.floor(Date.now() / 1_000),
  choices,
});

/** What a delta says; undefined: nothing. */
function saying(parts: readonly Part[], calls: readonly Json[]): Json | undefined {
  const content = textIn(parts, false);
  const thoughts = textIn(parts, true);
  if (content === '' && thoughts === '' && calls.length === 0) return undefined;
  return {
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(content === '' ? {} : { content }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}
