import type { Json } from '../../adapters/llm/upstream.ts';
import type { CallItem, CallKind } from './call-item.ts';
import { callItem } from './call-item.ts';
import type { Events, Item, PartedItem, Place } from './output-items.ts';
import { partedItem } from './output-items.ts';
import type { SealedThought } from './sealed-thought.ts';
import { sealed } from './sealed-thought.ts';

/** A piece of a call, as a chunk has it. */
export interface CallPiece {
  readonly index: number;
  readonly kind: CallKind;
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

interface Call {
  readonly id: string;
  readonly kind: CallKind;
  /** What came before its name did. */
  waiting: string;
  item?: CallItem;
}

interface Thought {
  readonly item: PartedItem;
  /** What only the model's provider can read. */
  seal?: string;
}

/** The items of an answer, one behind the other; calls alone may still grow while later items do. */
export interface Output {
  text(kind: 'output_text' | 'refusal', text: string, logprobs?: readonly unknown[]): Events;
  thought(text: string): Events;
  /** Ends the thought that is open, or is one whose text nobody may see. */
  seal(thought: SealedThought): Events;
  call(piece: CallPiece): Events;
  /** Ends all that is open, as parts of an answer that is whole or was cut off. */
  end(isWhole: boolean): Events;
  shown(): readonly Json[];
}

interface OutputParts {
  /** Makes ids of items, and of calls that have none. */
  readonly suffix: string;
  /** The client wants to send thoughts back. */
  readonly withSeals: boolean;
}

export function responseOutput({ suffix, withSeals }: OutputParts): Output {
  const list = itemList(suffix);
  const calls = new Map<number, Call>();
  let message: PartedItem | undefined;
  let thought: Thought | undefined;

  const begin = (item: Item): Events => {
    message = undefined;
    thought = undefined;
    return list.begin(item);
  };
  const beginCall = (call: Call, name: string): Events => {
    const { kind, id, waiting } = call;
    const item = callItem(list.place(prefixes[kind]), { kind, callId: id, name });
    call.item = item;
    return [...begin(item), ...item.say(waiting)];
  };
  const beginMessage = (): [PartedItem, Events] => {
    const item = partedItem(list.place('msg'), messageShell);
    const events = begin(item);
    message = item;
    return [item, events];
  };
  const beginThought = (): [Thought, Events] => {
    const fresh: Thought = {
      item: partedItem(list.place('rs'), (content, status) => ({
        ...{ type: 'reasoning', status, summary: [], content },
        ...(fresh.seal ? { encrypted_content: fresh.seal } : {}),
      })),
    };
    const events = begin(fresh.item);
    thought = fresh;
    return [fresh, events];
  };

  return {
    text(kind, text, logprobs) {
      const [item, before] = message ? [message, []] : beginMessage();
      return [...before, ...item.say(kind, text, logprobs)];
    },
    thought(text) {
      const [{ item }, before] = thought ? [thought, []] : beginThought();
      return [...before, ...item.say('reasoning_text', text)];
    },
    seal(seal) {
      const [of, before] = thought && !('data' in seal) ? [thought, []] : beginThought();
      if (withSeals) of.seal = sealed(seal);
      thought = undefined;
      return before;
    },
    call({ index, kind, id, name, text }) {
      const call = calls.get(index) ?? { kind, id: id || `call_${suffix}${index}`, waiting: '' };
      calls.set(index, call);
      // Behind a whole one only blanks can come.
      if (call.item) return call.item.isOpen() ? call.item.say(text) : [];
      call.waiting += text;
      return name === '' ? [] : beginCall(call, name);
    },
    end(isWhole) {
      const nameless = [...calls.values()].filter(({ item }) => !item);
      return [...nameless.flatMap((call) => beginCall(call, '')), ...list.end(isWhole)];
    },
    shown: list.shown,
  };
}

function itemList(suffix: string) {
  const items: Item[] = [];
  const open = () => items.filter((item) => item.isOpen());
  return {
    place: (prefix: string): Place => ({
      id: `${prefix}_${suffix}${items.length.toString(16).padStart(2, '0')}`,
      index: items.length,
    }),
    /** Whatever begins ends what is whole. */
    begin(item: Item): Events {
      const whole = open().filter((each) => each.isWhole());
      const ended = whole.flatMap((each) => each.end('completed'));
      items.push(item);
      return [...ended, ...item.begin()];
    },
    /** Of an answer that was cut off, the last item is not whole. */
    end(isWhole: boolean): Events {
      const last = items.at(-1);
      const isDone = (item: Item) => isWhole || (item !== last && item.looksWhole());
      return open().flatMap((item) => item.end(isDone(item) ? 'completed' : 'incomplete'));
    },
    shown: () => items.map((item) => item.shown()),
  };
}

const messageShell = (content: readonly Json[], status: string): Json => ({
  ...{ type: 'message', status, role: 'assistant', content },
});

const prefixes: Readonly<Record<CallKind, string>> = {
  function_call: 'fc',
  custom_tool_call: 'ctc',
};
