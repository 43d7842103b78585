import type { Json } from '../../adapters/llm/upstream.ts';

/** One event of a stream of Responses, not yet numbered. */
export interface ResponseEvent extends Json {
  readonly type: string;
  /** Of those that tell the whole of it. */
  readonly response?: Json | undefined;
}
export type Fields = Readonly<Record<string, unknown>>;
export type Events = readonly ResponseEvent[];

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Where an item stands in the output. */
export interface Place {
  readonly id: string;
  readonly index: number;
}

/** One item of the output while it is written. */
export interface Item {
  /** As it is now. */
  shown(): Json;
  isOpen(): boolean;
  /** Nothing more of it can come. */
  isWhole(): boolean;
  /** Nothing of it is missing, if the answer was cut off behind it. */
  looksWhole(): boolean;
  begin(): Events;
  /** What ends it, once. */
  end(status: 'completed' | 'incomplete'): Events;
}

/** How the kinds of text that stand in parts are told. */
const partKinds = {
  output_text: { event: 'response.output_text', field: 'text' },
  refusal: { event: 'response.refusal', field: 'refusal' },
  reasoning_text: { event: 'response.reasoning_text', field: 'text' },
} as const;
type PartKind = keyof typeof partKinds;

interface Part {
  readonly kind: PartKind;
  text: string;
  readonly logprobs: unknown[];
}

const partShown = ({ kind, text, logprobs }: Part): Json => ({
  type: kind,
  [partKinds[kind].field]: text,
  ...(kind === 'output_text' ? { annotations: [], logprobs: [...logprobs] } : {}),
});

export interface PartedItem extends Item {
  say(kind: PartKind, text: string, logprobs?: readonly unknown[]): Events;
}

/** An item whose text stands in parts, one behind the other; `shell` is what else it has. */
export function partedItem(
  { id, index }: Place,
  shell: (content: readonly Json[], status: ItemStatus) => Json,
): PartedItem {
  const parts: Part[] = [];
  let current: Part | undefined;
  let status: ItemStatus = 'in_progress';

  const shown = () => ({ id, ...shell(parts.map(partShown), status) });
  const told = (type: string, more: Fields): ResponseEvent => ({
    ...more,
    ...{ type, item_id: id, output_index: index, content_index: parts.length - 1 },
  });
  const endPart = (): Events => {
    if (!current) return [];
    const { kind, text, logprobs } = current;
    const part = partShown(current);
    current = undefined;
    const { event, field } = partKinds[kind];
    const more = kind === 'output_text' ? { logprobs } : {};
    return [
      told(`${event}.done`, { [field]: text, ...more }),
      told('response.content_part.done', { part }),
    ];
  };
  const beginPart = (part: Part): Events => {
    const before = endPart();
    parts.push(part);
    current = part;
    return [...before, told('response.content_part.added', { part: partShown(part) })];
  };

  return {
    shown,
    isOpen: () => status === 'in_progress',
    isWhole: () => true,
    looksWhole: () => true,
    begin: () => [{ type: 'response.output_item.added', output_index: index, item: shown() }],
    say(kind, text, logprobs = []) {
      const part = current?.kind === kind ? current : { kind, text: '', logprobs: [] };
      const before = part === current ? [] : beginPart(part);
      part.text += text;
      part.logprobs.push(...logprobs);
      const more = kind === 'output_text' ? { logprobs } : {};
      return [...before, told(`${partKinds[kind].event}.delta`, { delta: text, ...more })];
    },
    end(how) {
      const before = endPart();
      status = how;
      return [...before, { type: 'response.output_item.done', output_index: index, item: shown() }];
    },
  };
}
