import { createHash } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { CallFault } from './call-fault.ts';
import { inputOf } from './input.ts';
import type { Json, Upstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';
import { wholeInputTokens } from './whole-input.ts';

/** What it writes when nobody names a limit. */
const usualTokens = 64;
const mostTokens = 262_144;

/** With the space before it, each word is one token of the sandbox's family: four bytes. */
const words =
  'air ale ant ape arc arm art ash bay bee bow box bud cat cup day dew dog dry ear egg elk elm eye fan fig fin fir fly fog fox gem hay hen hum ice inn ink ivy jar joy key lap law leg lid log map mud net nut oak oar oat old one orb owl pea pen pie pin pot ray red rim row rye sap sea set sky son sun tea ten tin toe top toy tub two urn van vow wax way web wet wig yak yam'.split(
    ' ',
  );

export interface SandboxOptions {
  /** Between two tokens; 0: as fast as they are read. */
  readonly tokenMs?: number;
}

/** The built-in upstream: the same request always gets the same words, exactly as many as asked. */
export function sandboxUpstream({ tokenMs = 0 }: SandboxOptions = {}): Upstream {
  return {
    id: 'sandbox',
    family: () => 'sandbox',
    ask: async (request) => {
      const answer = await answerTo(request);
      return request.stream ? stream(answer, request.signal, tokenMs) : whole(answer);
    },
  };
}

interface Answer {
  readonly head: Readonly<Json>;
  /** Of each choice: its words in order. */
  readonly choices: readonly (readonly string[])[];
  readonly finishReason: 'stop' | 'length';
  readonly usage: Json;
}

async function answerTo({ body, model, maxOutput, stream: streams }: UpstreamRequest) {
  const limit = tokensAsked(body);
  const n = typeof body.n === 'number' ? body.n : 1;
  const count = Math.min(limit ?? usualTokens, maxOutput);
  if (count * n > mostTokens) {
    throw new CallFault('upstream_refused', `This model writes at most ${mostTokens} tokens.`, {
      param: 'max_tokens',
      why: 'writes_at_most',
      values: { most: mostTokens },
    });
  }
  const seed = createHash('sha256').update(JSON.stringify(body.messages)).digest();
  const input = await wholeInputTokens({ family: 'sandbox', model }, inputOf(body));
  const answer: Answer = {
    head: {
      id: `chatcmpl-${seed.toString('hex').slice(0, 24)}`,
      object: streams ? 'chat.completion.chunk' : 'chat.completion',
      created: Math.floor(Date.UTC(2026, 0, 1) / 1_000),
      model,
    },
    choices: Array.from({ length: n }, (_, index) => text(seed.readUInt32LE(0) + index, count)),
    finishReason: limit === undefined && count === usualTokens ? 'stop' : 'length',
    usage: {
      prompt_tokens: input,
      completion_tokens: count * n,
      total_tokens: input + count * n,
    },
  };
  return answer;
}

function tokensAsked(body: Readonly<Json>): number | undefined {
  const asked = body.max_completion_tokens ?? body.max_tokens;
  return typeof asked === 'number' ? asked : undefined;
}

/** Words drawn by a linear congruential generator: cheap, and the same everywhere. */
function text(seed: number, count: number): readonly string[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ` ${words[(state >>> 16) % words.length]}`;
  });
}

function whole({ head, choices, finishReason, usage }: Answer): UpstreamAnswer {
  const body: Json = {
    ...head,
    choices: choices.map((tokens, index) => ({
      index,
      message: { role: 'assistant', content: tokens.join(''), refusal: null },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage,
  };
  return { stream: false, body: () => Promise.resolve(body), partial: () => '' };
}

const stream = (answer: Answer, signal: AbortSignal, tokenMs: number): UpstreamAnswer => ({
  stream: true,
  chunks: chunksOf(answer, signal, tokenMs),
});

async function* chunksOf(
  { head, choices, finishReason, usage }: Answer,
  signal: AbortSignal,
  tokenMs: number,
): AsyncGenerator<readonly Json[]> {
  const chunk = (index: number, delta: Json, finish: string | null): Json => ({
    ...head,
    choices: [{ index, delta, logprobs: null, finish_reason: finish }],
  });
  const length = choices[0]?.length ?? 0;
  for (let place = 0; place < length; place += 1) {
    await rest(tokenMs, signal);
    const role = place === 0 ? { role: 'assistant' } : {};
    yield choices.map((tokens, index) =>
      chunk(index, { ...role, content: tokens[place] ?? '' }, null),
    );
  }
  yield [
    ...choices.map((_, index) => chunk(index, {}, finishReason)),
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
