import { z } from 'zod';
import { CacheMark } from './anthropic-cache.ts';
import { beyondProtocol } from './beyond-protocol.ts';
import type { Json } from './upstream.ts';

const Tool = z.looseObject({
  type: z.literal('function').nullish(),
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
    strict: z.boolean().nullish(),
  }),
  cache_control: CacheMark,
});

/** The functions that a model may call; undefined: none. */
export function anthropicTools(tools: unknown): readonly Json[] | undefined {
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  return tools.map((tool: unknown, index) => {
    const parsed = Tool.safeParse(tool);
    if (!parsed.success) throw beyondProtocol(`tools[${index}]`);
    const { name, description, parameters, strict } = parsed.data.function;
    return {
      name,
      description: description ?? undefined,
      input_schema: { type: 'object', ...(parameters ?? { properties: {} }) },
      strict: strict ?? undefined,
      cache_control: parsed.data.cache_control,
    };
  });
}

const Choice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);

/** Which of the tools a model is to call, and whether only one at a time. */
export function anthropicToolChoice({
  tool_choice: choice,
  parallel_tool_calls: parallel,
}: Readonly<Json>): Json | undefined {
  const alone = parallel === false ? true : undefined;
  if (choice === undefined || choice === null) {
    return alone && { type: 'auto', disable_parallel_tool_use: alone };
  }
  const parsed = Choice.safeParse(choice);
  if (!parsed.success) throw beyondProtocol('tool_choice');
  const { data } = parsed;
  if (data === 'none') return { type: 'none' };
  const wish =
    typeof data === 'string'
      ? { type: data === 'required' ? 'any' : 'auto' }
      : { type: 'tool', name: data.function.name };
  return { ...wish, disable_parallel_tool_use: alone };
}
