import type { Json } from '../../adapters/llm/upstream.ts';
import { written } from '../written.ts';
import type { Item } from './input-items.ts';
import { contentOf, partsOf } from './input-parts.ts';
import { refusal } from './refused-fields.ts';
import { unsealed } from './sealed-thought.ts';

/** A chat message, and the part of the request that it comes from. */
export interface Turn {
  readonly message: Json;
  readonly from: string;
}

/** What the model said in one turn: a chat message has all of it at once. */
interface Said {
  readonly from: string;
  readonly parts: Json[];
  readonly calls: Json[];
  readonly thoughts: string[];
  readonly details: Json[];
}

/**
 * Items as chat messages. What the model thought, said and called up to the next word of somebody
 * else is one message; a thought or a text behind a text begins another, unless calls stand between
 * them, whose results must follow at once.
 */
export function turnsOf(items: readonly Item[]): readonly Turn[] {
  const talk = conversation();
  items.forEach((item, index) => {
    add(item, `input[${index}]`, talk);
  });
  return talk.end();
}

type Conversation = ReturnType<typeof conversation>;

function conversation() {
  const turns: Turn[] = [];
  let said: Said | undefined;
  let shown: Turn[] = [];

  const close = () => {
    if (said) turns.push({ message: assistant(said), from: said.from });
    said = undefined;
  };
  const show = () => {
    turns.push(...shown);
    shown = [];
  };

  return {
    hear(message: Json, from: string): void {
      close();
      show();
      turns.push({ message, from });
    },
    /** Tools answer in text: what else they show stands behind all of their results, as the user's. */
    result(message: Json, others: readonly Json[], from: string): void {
      close();
      turns.push({ message, from });
      if (others.length > 0) shown.push({ message: { role: 'user', content: others }, from });
    },
    /** More of what the model says itself. */
    speak(from: string): Said {
      show();
      said ??= { from, parts: [], calls: [], thoughts: [], details: [] };
      return said;
    },
    speakAnew(from: string): Said {
      if (said && said.parts.length > 0 && said.calls.length === 0) close();
      return this.speak(from);
    },
    end(): readonly Turn[] {
      close();
      show();
      return turns;
    },
  };
}

const assistant = ({ parts, calls, thoughts, details }: Said): Json =>
  written({
    role: 'assistant',
    reasoning_content: thoughts.join('') || undefined,
    reasoning_details: details.length > 0 ? details : undefined,
    content: contentOf(parts),
    tool_calls: calls.length > 0 ? calls : undefined,
  });

type Of<Type extends Item['type']> = Extract<Item, { type: Type }>;

function add(item: Item, from: string, talk: Conversation): void {
  switch (item.type) {
    case 'message':
      addMessage(item, from, talk);
      break;
    case 'reasoning':
      addThought(item, from, talk);
      break;
    case 'function_call':
    case 'custom_tool_call':
      talk.speak(from).calls.push(callOf(item));
      break;
    case 'function_call_output':
    case 'custom_tool_call_output':
      addResult(item, from, talk);
      break;
    case 'item_reference':
      throw refusal(from, 'nothing_kept');
    case 'foreign':
      throw refusal(from, 'unsupported_field');
  }
}

function callOf(item: Of<'function_call' | 'custom_tool_call'>): Json {
  const { type, call_id: id, name } = item;
  return type === 'function_call'
    ? { id, type: 'function', function: { name, arguments: item.arguments } }
    : { id, type: 'custom', custom: { name, input: item.input } };
}

function addMessage({ role, content }: Of<'message'>, from: string, talk: Conversation): void {
  const parts = partsOf(content, `${from}.content`);
  if (role === 'assistant') talk.speakAnew(from).parts.push(...parts);
  else talk.hear({ role, content: contentOf(parts) }, from);
}

function addResult(
  { call_id: id, output }: Of<'function_call_output' | 'custom_tool_call_output'>,
  from: string,
  talk: Conversation,
): void {
  const parts = partsOf(output, `${from}.output`);
  const isText = ({ type }: Json) => type === 'text';
  const content = contentOf(parts.filter(isText));
  const others = parts.filter((part) => !isText(part));
  talk.result({ role: 'tool', tool_call_id: id, content }, others, from);
}

/** A thought with its seal goes back as it came; any other as the plain text that it is. */
function addThought(item: Of<'reasoning'>, from: string, talk: Conversation): void {
  const { content, encrypted_content: seal } = item;
  const text = (content ?? []).map((part) => part.text).join('');
  const thought = seal ? unsealed(seal) : undefined;
  if (!thought && text === '') return;
  const said = talk.speakAnew(from);
  if (!thought) said.thoughts.push(text);
  else if ('data' in thought) said.details.push({ type: 'reasoning.encrypted', ...thought });
  else said.details.push({ type: 'reasoning.text', text, ...thought });
}
