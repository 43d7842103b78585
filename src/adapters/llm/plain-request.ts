import { hash } from 'node:crypto';
import { toldFile } from './chat-files.ts';
import { isJson, objectsIn } from './json.ts';
import type { Json } from './upstream.ts';

/** Anthropic's words in a chat request; servers of OpenAI's protocol refuse what they don't know. */
const foreign = ['thinking', 'output_config', 'top_k', 'cache_control'] as const;
const foreignInMessages = ['reasoning_details', 'is_error', 'cache_control'] as const;

/** These are told how hard to think; others refuse to be. */
const reasons = /^(o\d|gpt-5|gpt-oss)/;

/** OpenAI refuses a longer `user`. */
const mostUserCharacters = 64;

/** A request that came in Anthropic's words, without those that OpenAI's protocol doesn't have. */
export function plainRequest(body: Readonly<Json>, model: string): Readonly<Json> {
  const { messages, tools, user, thinking, output_config: wishes } = body;
  const effort = reasons.test(model.slice(model.lastIndexOf('/') + 1))
    ? effortOf(thinking, wishes)
    : undefined;
  return {
    ...without(body, foreign),
    messages: objectsIn(messages).map(plainMessage),
    ...(tools === undefined ? {} : { tools: objectsIn(tools).map(uncached) }),
    ...(user === undefined ? {} : { user: shortUser(user) }),
    ...(effort === undefined ? {} : { reasoning_effort: effort }),
  };
}

/** Only who is the same is to be seen of it; Claude Code's name of a session has 123 characters. */
const shortUser = (user: unknown): unknown =>
  typeof user === 'string' && user.length > mostUserCharacters ? hash('sha256', user) : user;

function plainMessage(message: Json): Json {
  const { content, ...rest } = without(message, foreignInMessages);
  return { ...rest, content: Array.isArray(content) ? objectsIn(content).map(plainPart) : content };
}

const plainPart = (part: Json): Json => plainFile(uncached(part));

/** Chats take no files but PDFs, with a name; texts are said. */
function plainFile(part: Json): Json {
  const { type, file: given } = part;
  const { file_data: address, filename: name } = isJson(given) ? given : {};
  if (type !== 'file' || typeof address !== 'string') return part;
  const file = toldFile(address);
  if (file?.kind === 'text') {
    return { type: 'text', text: name ? `${String(name)}\n\n${file.text}` : file.text };
  }
  return { type, file: { file_data: address, filename: name || 'document.pdf' } };
}

const uncached = (json: Json): Json => without(json, ['cache_control']);

const without = (json: Readonly<Json>, fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(json).filter(([field]) => !fields.includes(field)));

/** How hard to think, for a model that is told in words; undefined: as it does by itself. */
export function effortOf(thinking: unknown, wishes: unknown): string | undefined {
  if (!isJson(thinking) || thinking.type === 'disabled') return undefined;
  const { budget_tokens: budget } = thinking;
  const { effort } = isJson(wishes) ? wishes : {};
  if (typeof effort === 'string') return effort === 'low' || effort === 'medium' ? effort : 'high';
  if (typeof budget !== 'number') return undefined;
  if (budget < 4_096) return 'low';
  return budget < 16_384 ? 'medium' : 'high';
}
