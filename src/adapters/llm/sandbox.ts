import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { CallFault } from './call-fault.ts';
import { heardTokens, voiceIn } from './chat-sounds.ts';
import type { EndpointName } from './endpoints/endpoint.ts';
import { endpoints } from './endpoints/endpoints.ts';
import { refused, sandboxAnswers } from './sandbox-answers.ts';
import { sandboxWords } from './sandbox-words.ts';
import type { Json, Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';
import { wholeInputTokens } from './whole-input.ts';

/** What it writes when nobody names a limit. */
const usualTokens = 64;
const mostTokens = 262_144;

export interface SandboxOptions {
  /** Between two tokens; 0: as fast as they are read. */
  readonly tokenMs?: number;
}

/** The built-in upstream: the same request always gets the same answer, words exactly as many as asked. */
export function sandboxUpstream({ tokenMs = 0 }: SandboxOptions = {}): Upstream {
  return {
    id: 'sandbox',
    serves: (endpoint) => endpoint in styles || sandboxAnswers[endpoint] !== undefined,
    family: () => 'sandbox',
    async ask(request) {
      const made = await sandboxAnswers[request.endpoint]?.(request);
      if (made && !request.stream) return inOne(made.body);
      if (made) return { stream: true, chunks: inPieces(made.chunks, request.signal, tokenMs) };
      const style = styles[request.endpoint] ?? chatStyle;
      const answer = await answerTo(request, style);
      return request.stream ? stream(answer, request.signal, tokenMs) : whole(answer);
    },
  };
}

/** How an endpoint writes what is said. */
interface Style {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  /** What is answered, and how often. */
  readonly asked: (body: Readonly<Json>) => {
    readonly question: unknown;
    readonly prompts: number;
  };
  readonly whole: (text: string) => Json;
  readonly piece: (text: string, isFirst: boolean) => Json;
  readonly last: Json;
}

const chatStyle: Style = {
  idPrefix: 'chatcmpl-',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  asked: ({ messages }) => ({ question: messages, prompts: 1 }),
  whole: (content) => ({ message: { role: 'assistant', content, refusal: null } }),
  piece: (content, isFirst) => ({
    delta: { ...(isFirst ? { role: 'assistant' } : {}), content },
  }),
  last: { delta: {} },
};

const styles: Partial<Readonly<Record<EndpointName, Style>>> = {
  chat: chatStyle,
  completions: {
    idPrefix: 'cmpl-',
    object: 'text_completion',
    chunkObject: 'text_completion',
    asked: ({ prompt }) => ({ question: prompt, prompts: promptsIn(prompt) }),
    whole: (text) => ({ text }),
    piece: (text) => ({ text }),
    last: { text: '' },
  },
};

/** One list of tokens is one prompt. */
const promptsIn = (prompt: unknown): number =>
  Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;

interface Answer {
  readonly style: Style;
  readonly head: Readonly<Json>;
  /** Of each choice: its words in order. */
  readonly choices: readonly (readonly string[])[];
  readonly finishReason: 'stop' | 'length';
  readonly usage: Json;
}

async function answerTo(
  { endpoint, body, model, maxOutput, stream: streams }: UpstreamRequest,
  style: Style,
): Promise<Answer> {
  if (voiceIn(body)) throw refused('modalities');
  const { question, prompts } = style.asked(body);
  const limit = tokensAsked(body);
  const n = prompts * (typeof body.n === 'number' ? body.n : 1);
  const count = Math.min(limit ?? usualTokens, maxOutput);
  if (count * n > mostTokens) {
    throw new CallFault('upstream_refused', `This model writes at most ${mostTokens} tokens.`, {
      param: 'max_tokens',
      why: 'writes_at_most',
      values: { most: mostTokens },
    });
  }
  const seed = createHash('sha256').update(JSON.stringify(question)).digest();
  const reader = { family: 'sandbox', model } as const;
  const given = endpoints[endpoint].inputOf(body);
  const heard = heardTokens(reader, given.sounds);
  const input = heard + (await wholeInputTokens(reader, given));
  return {
    style,
    head: {
      id: `${style.idPrefix}${seed.toString('hex').slice(0, 24)}`,
      object: streams ? style.chunkObject : style.object,
      created: Math.floor(Date.UTC(2026, 0, 1) / 1_000),
      model,
    },
    choices: Array.from({ length: n }, (_, index) =>
      sandboxWords(seed.readUInt32LE(0) + index, count),
    ),
    finishReason: limit === undefined && count === usualTokens ? 'stop' : 'length',
    usage: {
      prompt_tokens: input,
      completion_tokens: count * n,
      total_tokens: input + count * n,
      ...(heard > 0 && { prompt_tokens_details: { audio_tokens: heard } }),
    },
  };
}

function tokensAsked(body: Readonly<Json>): number | undefined {
  const asked = body.max_completion_tokens ?? body.max_tokens;
  return typeof asked === 'number' ? asked : undefined;
}

function whole({ style, head, choices, finishReason, usage }: Answer): UpstreamAnswer {
  const body: Json = {
    ...head,
    choices: choices.map((tokens, index) => ({
      index,
      ...style.whole(tokens.join('')),
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage,
  };
  return inOne(body);
}

const inOne = (body: Json): UpstreamAnswer => ({
  stream: false,
  body: () => Promise.resolve(body),
  partial: () => '',
});

async function* inPieces(
  chunks: readonly Json[],
  signal: AbortSignal,
  tokenMs: number,
): AsyncGenerator<readonly Json[]> {
  for (const chunk of chunks) {
    await rest(tokenMs, signal);
    yield [chunk];
  }
}

const stream = (answer: Answer, signal: AbortSignal, tokenMs: number): UpstreamAnswer => ({
  stream: true,
  chunks: chunksOf(answer, signal, tokenMs),
});

async function* chunksOf(
  { style, head, choices, finishReason, usage }: Answer,
  signal: AbortSignal,
  tokenMs: number,
): AsyncGenerator<readonly Json[]> {
  const chunk = (index: number, piece: Json, finish: string | null): Json => ({
    ...head,
    choices: [{ index, ...piece, logprobs: null, finish_reason: finish }],
  });
  const length = choices[0]?.length ?? 0;
  for (let place = 0; place < length; place += 1) {
    await rest(tokenMs, signal);
    yield choices.map((tokens, index) =>
      chunk(index, style.piece(tokens[place] ?? '', place === 0), null),
    );
  }
  yield [
    ...choices.map((_, index) => chunk(index, { ...style.last }, finishReason)),
    { ...head, choices: [], usage },
  ];
}

async function rest(tokenMs: number, signal: AbortSignal): Promise<void> {
  if (tokenMs > 0) await pause(tokenMs);
  else await nextTurn();
  if (signal.aborted) {
    throw new CallFault('client_closed', 'The call was ended while it was answered.');
  }
}
