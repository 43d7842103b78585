import { z } from 'zod';
import { unusable } from './call-fault.ts';
import type { NewId } from './gemini-candidate.ts';
import {
  callsOf,
  finishOf,
  Generated,
  logprobsOf,
  newCallId,
  Part,
  textIn,
} from './gemini-candidate.ts';
import { geminiUsage } from './gemini-usage.ts';
import { parseJson } from './json.ts';
import { jsonBeginning } from './json-beginning.ts';
import type { Json } from './upstream.ts';

/** In the beginning of a text the last part is seldom whole. */
const Beginning = z.looseObject({
  candidates: z.array(
    z.looseObject({
      index: z.int().min(0).optional(),
      content: z.looseObject({ parts: z.array(Part.catch({})).default([]) }).default({ parts: [] }),
    }),
  ),
});

/** All candidates as a chat completion, or a fault; a refused prompt is an answer without a word. */
export function geminiAnswer(text: string, newId: NewId = newCallId): Json {
  const parsed = Generated.safeParse(parseJson(text));
  if (!parsed.success) throw unusable();
  const { candidates, promptFeedback, usageMetadata } = parsed.data;
  const choices = candidates.map((candidate, place) => {
    const message = messageOf(candidate.content?.parts ?? [], newId);
    return {
      index: candidate.index ?? place,
      message,
      logprobs: logprobsOf(candidate),
      finish_reason: finishOf(candidate.finishReason ?? 'STOP', 'tool_calls' in message),
    };
  });
  if (choices.length === 0 && !promptFeedback?.blockReason) {
    throw unusable();
  }
  return {
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    choices: choices.length > 0 ? choices : [refusedPrompt()],
    usage: geminiUsage(usageMetadata),
  };
}

const refusedPrompt = () => ({
  index: 0,
  message: messageOf([], newCallId),
  logprobs: null,
  finish_reason: 'content_filter',
});

/** What is in the beginning of an answer's text. */
export function geminiBeginning(text: string): string {
  const parsed = Beginning.safeParse(jsonBeginning(text));
  if (!parsed.success) return '';
  const choices = parsed.data.candidates.map(({ index, content }, place) => ({
    index: index ?? place,
    message: messageOf(content.parts, newCallId),
  }));
  return JSON.stringify({ choices });
}

function messageOf(parts: readonly Part[], newId: NewId): Json {
  const content = textIn(parts, false);
  const thoughts = textIn(parts, true);
  const calls = callsOf(parts, newId);
  return {
    role: 'assistant',
    content: content === '' ? null : content,
    refusal: null,
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}
