import type { Json, Upstream } from '../../src/adapters/llm/upstream.ts';

const messages = [{ role: 'user', content: 'Hello' }];

/** Asks an upstream for a chat; `stream` among the fields says how. */
export const askChat = (upstream: Upstream, model: string, more: Json = {}) =>
  upstream.ask({
    endpoint: 'chat',
    model,
    body: { model: 'alias', messages, ...more },
    stream: more.stream === true,
    maxOutput: 100,
    signal: new AbortController().signal,
  });

/** The body of an answer, or all chunks of a stream. */
export async function readChat(
  upstream: Upstream,
  model: string,
  more: Json = {},
): Promise<readonly Json[]> {
  const answer = await askChat(upstream, model, more);
  if (!answer.stream) return [await answer.body()];
  return (await Array.fromAsync(answer.chunks)).flat();
}
