import type { Json } from '../../adapters/llm/upstream.ts';
import { from } from '../origin.ts';
import { written } from '../written.ts';
import { refusal } from './refused-fields.ts';
import type { ResponsesRequest, Tool, ToolChoice } from './schemas.ts';

/** The tools that the caller runs, in a chat request's words; any other is run, and billed, by a provider. */
export const toolsOf = (tools: ResponsesRequest['tools']): readonly Json[] | undefined =>
  tools?.length ? tools.map((tool, index) => located(tool, `tools[${index}]`)) : undefined;

const located = (tool: Tool, path: string): Json => from(path, toolOf(tool, path));

function toolOf({ type, name, description, parameters, strict, format }: Tool, path: string): Json {
  if (type !== 'function' && type !== 'custom') throw refusal(path, 'unsupported_field');
  if (name === undefined) throw refusal(`${path}.name`, 'field_missing');
  return type === 'function'
    ? { type, function: written({ name, description, parameters, strict }) }
    : { type, custom: written({ name, description, format: format && formatOf(format) }) };
}

/** A grammar stands one level deeper in a chat request. */
const formatOf = ({ type, ...grammar }: NonNullable<Tool['format']>): Json =>
  type === 'grammar' ? { type, grammar } : { type };

export function toolChoiceOf(choice: ToolChoice | null | undefined): unknown {
  if (typeof choice !== 'object' || choice === null) return choice;
  const { type, mode, tools = [] } = choice;
  if (type !== 'allowed_tools') return named(choice);
  return { type, allowed_tools: { mode, tools: tools.map(named) } };
}

function named({
  type,
  name,
}: {
  readonly type: string;
  readonly name?: string | undefined;
}): Json {
  if (type !== 'function' && type !== 'custom') throw refusal('tool_choice', 'unsupported_field');
  if (name === undefined) throw refusal('tool_choice.name', 'field_missing');
  return { type, [type]: { name } };
}
