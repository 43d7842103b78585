import { z } from 'zod';
import { beyondProtocol } from './beyond-protocol.ts';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

/** What every translation of OpenAI's chat into another protocol reads, or says by its path. */
export const chatWords = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'output_config',
  'cache_control',
] as const;

/** A part of a message. */
export const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
  input_audio: z.looseObject({ data: z.string(), format: z.enum(['wav', 'mp3']) }).optional(),
  file: z.looseObject({ file_data: z.string(), filename: z.string().nullish() }).optional(),
});

/** A call of a function, in a message. */
export const Call = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

export const Message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(Part)]).nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(Call).nullish(),
  tool_call_id: z.string().nullish(),
  is_error: z.boolean().optional(),
});

export const Tool = z.looseObject({
  type: z.literal('function').nullish(),
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
  }),
});

/** Which tool is to be called. */
export const Choice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);

/** What is done with a message of each role; a protocol has them all. */
export interface Sayers<Said> {
  readonly system: (message: Said, path: string) => unknown;
  readonly user: (message: Said, path: string) => unknown;
  readonly assistant: (message: Said, path: string) => unknown;
  readonly tool: (message: Said, path: string) => unknown;
}

/** Hands each message to who says its role; a fault names the field that there is no word for. */
export function eachMessage<Said extends { readonly role: string }>(
  messages: unknown,
  schema: z.ZodType<Said>,
  say: Sayers<Said>,
): void {
  for (const [index, given] of (Array.isArray(messages) ? messages : []).entries()) {
    const path = `messages[${index}]`;
    const parsed = schema.safeParse(given);
    if (!parsed.success) throw beyondProtocol(fieldIn(path, parsed.error));
    const { data } = parsed;
    const role = data.role === 'developer' ? 'system' : data.role;
    if (!isRole(role)) throw beyondProtocol(`${path}.role`);
    say[role](data, path);
  }
}

const isRole = (role: string): role is keyof Sayers<unknown> =>
  ['system', 'user', 'assistant', 'tool'].includes(role);

function fieldIn(path: string, { issues }: z.ZodError): string {
  const [field] = issues[0]?.path ?? [];
  return field === undefined ? path : `${path}.${String(field)}`;
}

/** The tools of a request, each by its schema; undefined: there are none. */
export function toolsIn<Each>(
  tools: unknown,
  schema: z.ZodType<Each>,
): readonly Each[] | undefined {
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  return tools.map((tool: unknown, index) => {
    const parsed = schema.safeParse(tool);
    if (!parsed.success) throw beyondProtocol(`tools[${index}]`);
    return parsed.data;
  });
}

/** The wishes of a request by their schema, or a fault that names the one that is none. */
export function wishesIn<Wishes>(body: Readonly<Json>, schema: z.ZodType<Wishes>): Wishes {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw beyondProtocol(String(parsed.error.issues[0]?.path[0] ?? 'body'));
}

/** Where an answer is to stop; undefined: nowhere before its end. */
export function stopsOf(stop: string | readonly string[] | null | undefined) {
  const stops = [stop ?? []].flat().filter((each) => each !== '');
  return stops.length > 0 ? stops : undefined;
}

/** The schema that an answer is to have, of a `response_format` that names one. */
export function schemaIn({ type, json_schema: named }: Json): unknown {
  if (type !== 'json_schema' || !isJson(named)) throw beyondProtocol('response_format');
  const { schema } = named;
  return schema;
}
