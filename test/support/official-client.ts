import OpenAI from 'openai';
import type { Person } from './people.ts';
import type { Program } from './program.ts';

/** The official client with a member's key, as it comes: it retries. `asked`: its requests so far. */
export function officialClient(
  { url }: Program,
  { key }: Person,
): { readonly client: OpenAI; asked(): number } {
  let asked = 0;
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key,
    fetch: (...parts: Parameters<typeof fetch>) => {
      asked += 1;
      return fetch(...parts);
    },
  });
  return { client, asked: () => asked };
}

/** What the mocks answer with a call. */
export const weatherQuestion = {
  messages: [{ role: 'user' as const, content: 'How is the weather?' }],
  tools: [
    {
      type: 'function' as const,
      function: { name: 'get_weather', parameters: { type: 'object', properties: {} } },
    },
  ],
  max_tokens: 50,
};
