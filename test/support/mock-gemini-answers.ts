import { z } from 'zod';
import type { Behaviour, Case } from './mock-gemini.ts';

const weather = { city: 'Paris', unit: 'celsius' };
const signature = 'c2lnbmVk';

function callsOf({ tool }: Behaviour): readonly object[] {
  const call = (more: object) => ({ functionCall: { name: 'get_weather', ...more } });
  switch (tool) {
    case 'no':
      return [];
    case 'yes':
      return [{ ...call({ id: 'fc_01', args: weather }), thoughtSignature: signature }];
    case 'bare':
      return [call({})];
    case 'twice':
      return [
        { ...call({ args: weather }), thoughtSignature: signature },
        call({ args: { city: 'Rome' } }),
      ];
  }
}

/** The parts of an answer, one an event, and the calls at once. */
function partsOf(behaviour: Behaviour): readonly (readonly object[])[] {
  const { chunks, text, thinking, tool } = behaviour;
  const times = (count: number, part: object) => Array.from({ length: count }, () => [part]);
  const texts = tool === 'no' ? times(chunks, { text }) : [[{ text: 'Let me see.' }]];
  const calls = callsOf(behaviour);
  return [
    ...times(thinking, { text: ' hm', thought: true }),
    ...texts,
    ...(calls.length > 0 ? [calls] : []),
  ];
}

function usageOf(behaviour: Behaviour, n: number): object {
  const { usage, input, cached, heard, read, chunks, thinking, output } = behaviour;
  if (usage === 'no') return {};
  if (usage === 'rubbish') return { usageMetadata: { promptTokenCount: -5 } };
  const written = output ?? chunks * n;
  return {
    usageMetadata: {
      promptTokenCount: input,
      ...(cached > 0 ? { cachedContentTokenCount: cached } : {}),
      ...(read > 0 ? { toolUsePromptTokenCount: read } : {}),
      candidatesTokenCount: written,
      ...(thinking > 0 ? { thoughtsTokenCount: thinking * n } : {}),
      totalTokenCount: input + read + written + thinking * n,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: input - heard },
        ...(heard > 0 ? [{ modality: 'AUDIO', tokenCount: heard }] : []),
      ],
    },
  };
}

const logprobsOf = ({ body: { generationConfig: wishes }, behaviour: { text } }: Case): object => {
  if (!wishes.responseLogprobs) return {};
  const tokens = [{ token: text, tokenId: 7, logProbability: -0.5 }];
  const more = wishes.logprobs ? { topCandidates: [{ candidates: tokens }] } : {};
  return { avgLogprobs: -0.5, logprobsResult: { chosenCandidates: tokens, ...more } };
};

const about = { modelVersion: 'gemini-upstream-model', responseId: 'upstream_4711' };
const indexes = ({
  body: {
    generationConfig: { candidateCount = 1 },
  },
}: Case) => Array.from({ length: candidateCount }, (_, index) => index);

const refusalOf = (blocked: string) => ({ promptFeedback: { blockReason: blocked } });

/** An answer at once. */
export function wholeOf(mock: Case): object {
  const { behaviour } = mock;
  const { blocked, finish: finishReason } = behaviour;
  const parts = joined(partsOf(behaviour).flat());
  const candidates = indexes(mock).map((index) => ({
    content: { parts, role: 'model' },
    finishReason,
    index,
    ...logprobsOf(mock),
  }));
  return {
    ...(blocked ? refusalOf(blocked) : { candidates }),
    ...usageOf(behaviour, candidates.length),
    ...about,
  };
}

const Text = z.looseObject({ text: z.string().default(''), thought: z.boolean().optional() });

/** Neighbours that are texts of one kind are one part. */
function joined(parts: readonly object[]): readonly object[] {
  const all: object[] = [];
  for (const part of parts) {
    const before = Text.safeParse(all.at(-1)).data;
    const now = Text.parse(part);
    if (before?.text && now.text && before.thought === now.thought) {
      all.splice(-1, 1, { ...before, text: before.text + now.text });
    } else {
      all.push(part);
    }
  }
  return all;
}

const told = (mock: Case, parts: readonly object[], more: object = {}) => ({
  candidates: indexes(mock).map((index) => ({ content: { parts, role: 'model' }, index, ...more })),
  ...about,
});

/** The events of a stream before its last one. */
export function piecesOf(mock: Case): readonly object[] {
  const { behaviour } = mock;
  if (behaviour.blocked) return [];
  const early = usageOf({ ...behaviour, output: 1 }, 1);
  return partsOf(behaviour).map((parts) => ({ ...told(mock, parts), ...early }));
}

/** Why a stream ends, and what it counted. */
export function lastOf(mock: Case): object {
  const { blocked, finish: finishReason } = mock.behaviour;
  const count = usageOf(mock.behaviour, indexes(mock).length);
  if (blocked) return { ...refusalOf(blocked), ...count, ...about };
  return { ...told(mock, [{ text: '' }], { finishReason, ...logprobsOf(mock) }), ...count };
}
