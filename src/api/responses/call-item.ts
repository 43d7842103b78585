import type { Json } from '../../adapters/llm/upstream.ts';
import type { Events, Fields, Item, ItemStatus, Place, ResponseEvent } from './output-items.ts';

/** A call as its upstream has begun it. */
export interface Called {
  readonly kind: CallKind;
  readonly callId: string;
  readonly name: string;
}

/** How calls of either kind of tool are told. */
const callKinds = {
  function_call: { event: 'response.function_call_arguments', field: 'arguments' },
  custom_tool_call: { event: 'response.custom_tool_call_input', field: 'input' },
} as const;
export type CallKind = keyof typeof callKinds;

export interface CallItem extends Item {
  say(text: string): Events;
}

export function callItem({ id, index }: Place, { kind, callId, name }: Called): CallItem {
  const { event, field } = callKinds[kind];
  let text = '';
  let status: ItemStatus = 'in_progress';

  const shown = (): Json => ({
    ...{ id, type: kind, status, call_id: callId, name },
    [field]: text,
  });
  const told = (type: string, more: Fields): ResponseEvent => ({
    ...more,
    ...{ type, item_id: id, output_index: index },
  });

  return {
    shown,
    isOpen: () => status === 'in_progress',
    isWhole: () => kind === 'function_call' && isObject(text),
    looksWhole: () => kind === 'custom_tool_call' || isObject(text),
    begin: () => [{ type: 'response.output_item.added', output_index: index, item: shown() }],
    say(more) {
      if (more === '') return [];
      text += more;
      return [told(`${event}.delta`, { delta: more })];
    },
    end(how) {
      status = how;
      return [
        told(`${event}.done`, { ...(kind === 'function_call' ? { name } : {}), [field]: text }),
        { type: 'response.output_item.done', output_index: index, item: shown() },
      ];
    },
  };
}

/** A JSON object to which nothing can be added. */
function isObject(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
