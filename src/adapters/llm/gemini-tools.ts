import { beyondProtocol } from './beyond-protocol.ts';
import { Choice, Tool, toolsIn } from './chat-words.ts';
import type { Json } from './upstream.ts';

/** The functions that a model may call; undefined: none. */
export function geminiTools(tools: unknown): readonly Json[] | undefined {
  const functionDeclarations = toolsIn(tools, Tool)?.map(
    ({ function: { name, description, parameters } }) => ({
      name,
      description: description ?? undefined,
      parametersJsonSchema: parameters ?? undefined,
    }),
  );
  return functionDeclarations && [{ functionDeclarations }];
}

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
