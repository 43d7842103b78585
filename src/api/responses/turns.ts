import type { Json } from '../../adapters/llm/upstream.ts';
import { from } from '../origin.ts';
import { written } from '../written.ts';
import type { Item } from './input-items.ts';
import { contentOf, partsOf } from './input-parts.ts';
import { refusal } from './refused-fields.ts';
import { unsealed } from './sealed-thought.ts';

/** What the model said in one turn: a chat message has all of it at once. */
interface Said {
  /** The items that it is from. */
  readonly paths: Set<string>;
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
export function turnsOf(items: readonly Item[]): readonly Json[] {
  const talk = conversation();
  items.forEach((item, index) => {
    add(item, isBareText(items) ? 'input' : `input[${index}]`, talk);
  });
  return talk.end();
}

/** As which a bare text is read; a list that says no more is named by less than all of its path. */
function isBareText([item, ...more]: readonly Item[]): boolean {
  if (more.length > 0 || item?.type !== 'message') return false;
  return item.content.length === 1 && item.content[0]?.type === 'input_text';
}

type Conversation = ReturnType<typeof conversation>;

function conversation() {
  const turns: Json[] = [];
  let said: Said | undefined;
  let shown: Json[] = [];

  const close = () => {
    if (said) turns.push(assistant(said));
    said = undefined;
  };
  const show = () => {
    turns.push(...shown);
    shown = [];
  };

  return {
    hear(message: Json): void {
      close();
      show();
      turns.push(message);
    },
    /** Tools answer in text: what else they show stands behind all of their results, as the user's. */
    result(message: Json, others: readonly Json[], path: string): void {
      close();
      turns.push(message);
      if (others.length > 0) shown.push(from(path, { role: 'user', content: others }));
    },
    /** More of what the model says itself. */
    speak(path: string): Said {
      show();
      said ??= { paths: new Set(), parts: [], calls: [], thoughts: [], details: [] };
      said.paths.add(path);
      return said;
    },
    speakAnew(path: string): Said {
      if (said && said.parts.length > 0 && said.calls.length === 0) close();
      return this.speak(path);
    },
    end(): readonly Json[] {
      close();
      show();
      return turns;
    },
  };
}

function assistant({ paths, parts, calls, thoughts, details }: Said): Json {
  const [path = 'input', ...others] = paths;
  return from(
    others.length === 0 ? path : 'input',
    written({
      role: 'assistant',
      reasoning_content: thoughts.join('') || undefined,
      reasoning_details: details.length > 0 ? details : undefined,
      content: contentOf(parts),
      tool_calls: calls.length > 0 ? calls : undefined,
    }),
  );
}

type Of<Type extends Item['type']> = Extract<Item, { type: Type }>;

function add(item: Item, path: string, talk: Conversation): void {
  switch (item.type) {
    case 'message':
      addMessage(item, path, talk);
      break;
    case 'reasoning':
      addThought(item, path, talk);
      break;
    case 'function_call':
    case 'custom_tool_call':
      talk.speak(path).calls.push(from(path, callOf(item)));
      break;
    case 'function_call_output':
    case 'custom_tool_call_output':
      addResult(item, path, talk);
      break;
    case 'item_reference':
      throw refusal(path, 'nothing_kept');
    case 'foreign':
      throw refusal(path, 'unsupported_field');
  }
}

function callOf(item: Of<'function_call' | 'custom_tool_call'>): Json {
  const { type, call_id: id, name } = item;
  return type === 'function_call'
    ? { id, type: 'function', function: { name, arguments: item.arguments } }
    : { id, type: 'custom', custom: { name, input: item.input } };
}

function addMessage({ role, content }: Of<'message'>, path: string, talk: Conversation): void {
  const within = path === 'input' ? path : `${path}.content`;
  const parts = partsOf(content, within);
  if (role === 'assistant') talk.speakAnew(path).parts.push(...parts);
  else talk.hear(from(path, { role, content: contentOf(parts) }, { content: within }));
}

function addResult(
  { call_id: id, output }: Of<'function_call_output' | 'custom_tool_call_output'>,
  path: string,
  talk: Conversation,
): void {
  const within = `${path}.output`;
  const parts = partsOf(output, within);
  const isText = ({ type }: Json) => type === 'text';
  const content = contentOf(parts.filter(isText));
  const others = parts.filter((part) => !isText(part));
  const message = { role: 'tool', tool_call_id: id, content };
  talk.result(
    from(path, message, { content: within, tool_call_id: `${path}.call_id` }),
    others,
    path,
  );
}

/** A thought with its seal goes back as it came; any other as the plain text that it is. */
function addThought(item: Of<'reasoning'>, path: string, talk: Conversation): void {
  const { content, encrypted_content: seal } = item;
  const text = (content ?? []).map((part) => part.text).join('');
  const thought = seal ? unsealed(seal) : undefined;
  if (!thought && text === '') return;
  const said = talk.speakAnew(path);
  if (!thought) said.thoughts.push(text);
  else if ('data' in thought) said.details.push({ type: 'reasoning.encrypted', ...thought });
  else said.details.push({ type: 'reasoning.text', text, ...thought });
}
