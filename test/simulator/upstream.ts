import { setTimeout as sleep } from 'node:timers/promises';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import type { Json, Upstream, UpstreamRequest } from '../../src/adapters/llm/upstream.ts';
import type { Chance } from './chance.ts';

/** What an upstream knows of one call of ours. */
export interface UpstreamBook {
  asked: number;
  /** It sent something. */
  began: boolean;
  /** It sent a whole answer, with this usage; null: without saying any. */
  finished: { readonly input: number; readonly output: number } | null | undefined;
}

type Way = 'whole' | 'refuses' | 'fails' | 'cuts' | 'unsaid' | 'overruns';

/** Model providers in memory, which fail as those outside do. */
export function upstreams(random: Chance) {
  const books = new Map<string, UpstreamBook>();

  const bookOf = (callId: string): UpstreamBook => {
    const known = books.get(callId) ?? { asked: 0, began: false, finished: undefined };
    books.set(callId, known);
    return known;
  };
  const wayOf = (): Way =>
    random.is(0.7) ? 'whole' : random.pick(['refuses', 'fails', 'cuts', 'unsaid', 'overruns']);
  const upstream = (id: string): Upstream => ({
    id,
    serves: (endpoint) => endpoint === 'chat',
    family: () => 'sandbox',
    async ask(request) {
      const { user }: Readonly<Record<string, unknown>> = request.body;
      const book = bookOf(String(user));
      book.asked += 1;
      const slowness = random.pick([1, 1, 1, 8]);
      const answering = { book, request, way: wayOf(), random, slowness };
      await paused(answering);
      if (answering.way === 'refuses') {
        throw new CallFault('upstream_refused', 'Not now.', {
          ...{ retryable: true, passing: random.is(0.5) },
        });
      }
      if (!request.stream) {
        return { stream: false, body: () => body(answering), partial: () => '' };
      }
      return { stream: true, chunks: chunks(answering) };
    },
  });
  return { bookOf, byId: new Map(['a', 'b'].map((id) => [id, upstream(id)])) };
}

interface Answering {
  readonly book: UpstreamBook;
  readonly request: UpstreamRequest;
  readonly way: Way;
  readonly random: Chance;
  readonly slowness: number;
}

const paused = ({ random, slowness, request: { signal } }: Answering) =>
  sleep(random.between(1, 150) * slowness, undefined, { signal });

const broken = () => new CallFault('upstream_failed', 'It broke off.', { retryable: true });

/** The usage that it will say, and the texts that come to it. */
function plan({ random, request, way, book }: Answering) {
  const most = Math.max(1, request.maxOutput);
  const output = way === 'overruns' ? most + random.whole(1, 50) : random.whole(1, most);
  const input = random.whole(1, 8);
  return {
    texts: Array.from({ length: random.whole(1, 4) }, () => 'abcd'.repeat(random.whole(1, 4))),
    usage: way === 'unsaid' ? undefined : { prompt_tokens: input, completion_tokens: output },
    finish() {
      book.finished = way === 'unsaid' ? null : { input, output };
    },
  };
}

async function body(answering: Answering): Promise<Json> {
  const { texts, usage, finish } = plan(answering);
  await paused(answering);
  if (answering.way === 'fails' || answering.way === 'cuts') throw broken();
  answering.book.began = true;
  finish();
  const message = { role: 'assistant', content: texts.join('') };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  return usage ? { choices, usage } : { choices };
}

async function* chunks(answering: Answering): AsyncGenerator<readonly Json[]> {
  const { texts, usage, finish } = plan(answering);
  if (answering.way === 'fails') {
    await paused(answering);
    throw broken();
  }
  for (const content of texts) {
    await paused(answering);
    answering.book.began = true;
    yield [{ choices: [{ index: 0, delta: { content } }] }];
  }
  await paused(answering);
  if (answering.way === 'cuts') throw broken();
  finish();
  const end: Json = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
  yield usage ? [end, { choices: [], usage }] : [end];
}
