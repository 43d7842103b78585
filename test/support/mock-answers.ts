import type { Whole } from './mock-sending.ts';
import { callDeltas, callMessage } from './mock-tool-call.ts';
import type { Behaviour, Case } from './mock-upstream.ts';

/** How one endpoint's answers look; how they are sent is the same for all. */
interface AnswerStyle {
  readonly whole: (mock: Case) => Whole;
  /** A stream is bytes and no events. */
  readonly isBytes?: (mock: Case) => boolean;
  /** One event of a stream. */
  readonly piece: (mock: Case, place: number) => unknown;
  /** What comes behind the pieces. */
  readonly last: (mock: Case) => readonly unknown[];
}

const contentOf = ({ huge, text }: Behaviour): string => (huge > 0 ? 'x'.repeat(huge) : text);

function usageOf({ body, behaviour }: Case): unknown {
  const { usage, input, cached, written, reasoning, chunks, output, heard, spoken } = behaviour;
  if (usage === 'no') return undefined;
  if (usage === 'rubbish') return { prompt_tokens: -5, completion_tokens: 'many' };
  if (usage === 'early') return { prompt_tokens: input, completion_tokens: 0 };
  const completion = output ?? (chunks + reasoning + spoken) * (body.n ?? 1);
  return {
    prompt_tokens: input,
    completion_tokens: completion,
    total_tokens: input + completion,
    prompt_tokens_details: {
      cached_tokens: cached,
      // Qwen's words, which tell members too much of who answers.
      ...(cached > 0 && { cache_creation: { ephemeral_5m_input_tokens: 0 } }),
      ...(written > 0 && {
        ...{ cache_creation_input_tokens: written, cache_type: 'ephemeral' },
        cache_creation: { ephemeral_5m_input_tokens: written },
      }),
      ...(heard > 0 && { audio_tokens: heard }),
    },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      ...(spoken > 0 && { audio_tokens: spoken * (body.n ?? 1) }),
    },
    cost: 0.0123,
  };
}

/** What a provider says of itself; none of it may reach a member. */
const tellTales = { system_fingerprint: 'fp_mock', provider: 'Mock & Co.' };

const headOf = ({ name }: Case, object: string) => ({
  id: 'upstream-4711',
  object,
  created: 1_767_225_600,
  model: name,
  ...tellTales,
  unknown_field: 'kept',
});

/** Answers in choices: what a choice is, whole and in pieces, is all that differs. */
function inChoices(style: {
  readonly object: string;
  readonly chunkObject: string;
  readonly whole: (content: string) => object;
  readonly piece: (content: string, isFirst: boolean) => object;
  readonly last: object;
  readonly reason?: string;
}): AnswerStyle {
  const { reason = 'stop' } = style;
  const choices = ({ body }: Case, choice: object, finish: string | null) =>
    Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      ...choice,
      finish_reason: finish,
    }));
  return {
    whole(mock) {
      const content = contentOf(mock.behaviour).repeat(mock.behaviour.chunks);
      return {
        body: {
          ...headOf(mock, style.object),
          choices: choices(mock, style.whole(content), reason),
          usage: usageOf(mock),
        },
        half: (answer) => answer.indexOf(content) + Math.ceil(content.length / 2),
      };
    },
    piece: (mock, place) => ({
      ...headOf(mock, style.chunkObject),
      choices: choices(mock, style.piece(contentOf(mock.behaviour), place === 0), null),
      usage: ['cumulative', 'early'].includes(mock.behaviour.usage) ? usageOf(mock) : null,
    }),
    last(mock) {
      const { body, behaviour } = mock;
      const head = headOf(mock, style.chunkObject);
      const usage = usageOf(mock);
      const inline = behaviour.usage === 'inline' && { usage };
      const end = { ...head, choices: choices(mock, style.last, reason), ...inline };
      const isAsked = body.stream_options?.include_usage ?? false;
      const isTold = behaviour.usage === 'yes' || behaviour.usage === 'rubbish';
      const tells = behaviour.cut !== 'late' && isAsked && isTold;
      return tells ? [end, { ...head, choices: [], usage }] : [end];
    },
  };
}

const [firstOfCall, ...restOfCall] = callDeltas;
const calling = inChoices({
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  reason: 'tool_calls',
  whole: () => ({ message: { role: 'assistant', ...callMessage } }),
  piece: () => ({ delta: { role: 'assistant', ...firstOfCall } }),
  last: { delta: {} },
});

/** A chat that calls a tool, in a stream piece by piece; for models that write one chunk. */
export const callingStyle: AnswerStyle = {
  ...calling,
  last: (mock) => [
    ...restOfCall.map((delta) => ({
      ...headOf(mock, 'chat.completion.chunk'),
      choices: [{ index: 0, delta, finish_reason: null }],
    })),
    ...calling.last(mock),
  ],
};

/** A tenth of a second of `pcm16`. */
export const aTenth = Buffer.alloc(4_800).toString('base64');
const said = { id: 'audio_4711', expires_at: 1_767_229_200 };

/** A chat that is answered aloud, a word in a tenth of a second. */
export const speakingStyle = inChoices({
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  whole: (transcript) => ({
    message: {
      ...{ role: 'assistant', content: null },
      audio: { ...said, transcript, data: aTenth.repeat(transcript.split(' ').length - 1) },
    },
  }),
  piece: (transcript, isFirst) => ({
    delta: {
      ...(isFirst ? { role: 'assistant' } : {}),
      audio: { id: said.id, transcript, data: aTenth },
    },
  }),
  last: { delta: { audio: said } },
});

const neverStreams = {
  piece: () => ({ error: { message: 'This never streams.' } }),
  last: () => [],
};

/** A picture of four bytes. */
const data = 'aGV5IQ==';
const address = 'https://images.mock.example/4711.png';

function drawn(kind: string): AnswerStyle {
  const usageIn = ({ behaviour: { usage, input, chunks } }: Case) => {
    const said = {
      ...{ input_tokens: input, output_tokens: 100 * chunks, total_tokens: input + 100 * chunks },
      input_tokens_details: { text_tokens: input - 4, image_tokens: 4 },
    };
    if (usage === 'no') return undefined;
    return usage === 'rubbish' ? { input_tokens: -5 } : said;
  };
  return {
    whole: (mock) => ({
      body: {
        created: 1_767_225_600,
        ...tellTales,
        data: Array.from({ length: mock.body.n ?? 1 }, () => ({
          ...(mock.behaviour.picture === 'address' ? {} : { b64_json: data }),
          ...(mock.behaviour.picture === 'data' ? {} : { url: address }),
          revised_prompt: 'Hello!',
        })),
        usage: usageIn(mock),
      },
      half: (answer) => answer.lastIndexOf(data) + 4,
    }),
    piece: (_, place) => ({
      ...{ type: `${kind}.partial_image`, partial_image_index: place, b64_json: data },
    }),
    last: (mock) =>
      Array.from({ length: mock.body.n ?? 1 }, () => ({
        ...{ type: `${kind}.completed`, b64_json: data, output_format: 'png' },
        usage: usageIn(mock),
      })),
  };
}

function heardIn({ behaviour: { usage, input, chunks, unit } }: Case): unknown {
  if (usage === 'no') return undefined;
  if (usage === 'rubbish') return { type: 'duration', seconds: -5 };
  if (unit === 'seconds') return { type: 'duration', seconds: input };
  return {
    ...{ type: 'tokens', input_tokens: input, output_tokens: chunks },
    input_token_details: { text_tokens: 2, audio_tokens: input - 2 },
  };
}

const listened: AnswerStyle = {
  whole(mock) {
    const text = contentOf(mock.behaviour).repeat(mock.behaviour.chunks);
    if (mock.body.response_format === 'srt') {
      return { body: `1\n00:00:00,000 --> 00:00:07,250\n${text}\n` };
    }
    return {
      body: { text, ...tellTales, usage: heardIn(mock) },
      half: (answer) => answer.indexOf(text) + Math.ceil(text.length / 2),
    };
  },
  piece: ({ behaviour }) => ({ type: 'transcript.text.delta', delta: contentOf(behaviour) }),
  last: (mock) => {
    const text = contentOf(mock.behaviour).repeat(mock.behaviour.chunks);
    return [{ type: 'transcript.text.done', text, usage: heardIn(mock) }];
  },
};

/** By path behind `/v1`. */
export const answerStyles: Readonly<Record<string, AnswerStyle>> = {
  '/chat/completions': inChoices({
    object: 'chat.completion',
    chunkObject: 'chat.completion.chunk',
    whole: (content) => ({ message: { role: 'assistant', content } }),
    piece: (content, isFirst) => ({
      delta: { ...(isFirst ? { role: 'assistant' } : {}), content },
    }),
    last: { delta: {} },
  }),
  '/completions': inChoices({
    object: 'text_completion',
    chunkObject: 'text_completion',
    whole: (text) => ({ text }),
    piece: (text) => ({ text }),
    last: { text: '' },
  }),
  '/embeddings': {
    ...neverStreams,
    whole(mock) {
      const { usage, input } = mock.behaviour;
      const said = { prompt_tokens: input, total_tokens: input };
      const told = { yes: said, no: undefined, rubbish: { prompt_tokens: -5 } };
      return {
        body: {
          object: 'list',
          data: [{ object: 'embedding', index: 0, embedding: [0.6, 0.8] }],
          ...{ model: mock.name, id: 'upstream-4711', ...tellTales },
          usage: usage in told ? told[usage as keyof typeof told] : said,
        },
      };
    },
  },
  '/images/generations': drawn('image_generation'),
  '/images/edits': drawn('image_edit'),
  '/audio/transcriptions': listened,
  '/audio/translations': listened,
  '/audio/speech': {
    whole: () => ({ body: {} }),
    isBytes: ({ body }) => body.stream_format !== 'sse',
    piece: ({ behaviour }) => ({ type: 'speech.audio.delta', audio: contentOf(behaviour) }),
    last: ({ body }) =>
      body.stream_format === 'sse'
        ? [{ type: 'speech.audio.done', usage: { input_tokens: 1, output_tokens: 9 } }]
        : [],
  },
  '/moderations': {
    ...neverStreams,
    whole: (mock) => ({
      body: {
        ...{ id: 'upstream-4711', model: mock.name, ...tellTales },
        results: [{ flagged: true, categories: { violence: true } }],
      },
    }),
  },
};
