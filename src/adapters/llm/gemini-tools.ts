import { z } from 'zod';
import { beyondProtocol } from './beyond-protocol.ts';
import type { Json } from './upstream.ts';

const Tool = z.looseObject({
  type: z.literal('function').nullish(),
  function: z.looseObject({
    name: z.string(),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
  }),
});

/** The functions that a model may call; undefined: none. */
export function geminiTools(tools: unknown): readonly Json[] | undefined {
  if (!Array.isArray(tools) || tools.length === 0) return undefined;
  const functionDeclarations = tools.map((tool: unknown, index) => {
    const parsed = Tool.safeParse(tool);
    if (!parsed.success) throw beyondProtocol(`tools[${index}]`);
    const { name, description, parameters } = parsed.data.function;
    return {
      name,
      description: description ?? undefined,
      parametersJsonSchema: parameters ?? undefined,
    };
  });
  return [{ functionDeclarations }];
}

const Choice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
]);
const modes = { auto: 'AUTO', none: 'NONE', required: 'ANY' } as const;

/** Which of the tools a model is to call; it can't be kept from calling several at once. */
export function geminiToolConfig({
  tool_choice: choice,
  parallel_tool_calls: parallel,
}: Readonly<Json>): Json | undefined {
  if (parallel === false && choice !== 'none') throw beyondProtocol('parallel_tool_calls');
  if (choice === undefined || choice === null) return undefined;
  const parsed = Choice.safeParse(choice);
  if (!parsed.success) throw beyondProtocol('tool_choice');
  const { data } = parsed;
  const functionCallingConfig =
    typeof data === 'string'
      ? { mode: modes[data] }
      : { mode: 'ANY', allowedFunctionNames: [data.function.name] };
  return { functionCallingConfig };
}
