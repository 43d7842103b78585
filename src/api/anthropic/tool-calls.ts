import type { AnthropicEvent, Blocks } from './blocks.ts';

/** A piece of a call, as a chunk of OpenAI's has it. */
interface CallDelta {
  readonly index: number;
  readonly id?: string | null | undefined;
  readonly function?:
    | { readonly name?: string | null | undefined; readonly arguments?: string | null | undefined }
    | null
    | undefined;
}

interface Call {
  readonly id: string;
  readonly name: string;
  json: string;
}

export interface ToolCalls {
  take(delta: CallDelta): readonly AnthropicEvent[];
  /** All that still waits. */
  end(): readonly AnthropicEvent[];
}

/**
 * OpenAI's calls may be written side by side, Anthropic's blocks only one behind the other: a call
 * waits until the arguments of the one before are whole.
 */
export function toolCalls(writer: Blocks): ToolCalls {
  const calls = new Map<number, Call>();
  const waiting: Call[] = [];
  let current: Call | undefined;

  const begin = (call: Call): readonly AnthropicEvent[] => {
    current = call;
    const { id, name, json } = call;
    return [...writer.tool({ id, name }), ...(json === '' ? [] : writer.json(json))];
  };
  const begun = (isLast: boolean): readonly AnthropicEvent[] => {
    const events: AnthropicEvent[] = [];
    // To see whether a call is whole is to read all of it: only while another one waits for that.
    while (waiting.length > 0 && (!current || isLast || isJson(current.json))) {
      const next = waiting.shift();
      if (!next) break;
      events.push(...begin(next));
    }
    return events;
  };

  return {
    take({ index, id, function: called }) {
      const more = called?.arguments ?? '';
      const call = calls.get(index);
      if (!call) {
        const fresh = { id: id || `call_${index}`, name: called?.name ?? '', json: more };
        calls.set(index, fresh);
        waiting.push(fresh);
        return begun(false);
      }
      call.json += more;
      if (call !== current || more === '') return begun(false);
      return [...writer.json(more), ...begun(false)];
    },
    end: () => begun(true),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
