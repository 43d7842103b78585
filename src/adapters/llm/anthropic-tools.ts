import { z } from 'zod';
import { CacheMark } from './anthropic-cache.ts';
import { beyondProtocol } from './beyond-protocol.ts';
import { Choice, Tool, toolsIn } from './chat-words.ts';
import type { Json } from './upstream.ts';

const OwnTool = Tool.extend({
  function: Tool.shape.function.extend({ strict: z.boolean().nullish() }),
  cache_control: CacheMark,
});

/** The functions that a model may call; undefined: none. */
export function anthropicTools(tools: unknown): readonly Json[] | undefined {
  return toolsIn(tools, OwnTool)?.map(({ function: called, cache_control }) => ({
    name: called.name,
    description: called.description ?? undefined,
    input_schema: { type: 'object', ...(called.parameters ?? { properties: {} }) },
    strict: called.strict ?? undefined,
    cache_control,
  }));
}

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
