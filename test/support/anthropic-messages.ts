import fc from 'fast-check';
import { z } from 'zod';

const Block = z.looseObject({ type: z.string() });
type Block = z.output<typeof Block>;

/** A whole answer in Anthropic's words. */
export interface WholeMessage {
  readonly content: readonly Block[];
  readonly stop_reason: string;
  readonly stop_sequence: string | null;
  readonly usage: Readonly<Record<string, number>>;
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const id = fc.stringMatching(/^toolu_[a-zA-Z0-9]{4,12}$/);
const input = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
  .map((given): Record<string, unknown> => JSON.parse(JSON.stringify(given)));

export const textBlock: fc.Arbitrary<Block & { readonly text: string }> = text.map((said) => ({
  type: 'text',
  text: said,
}));
export const thinkingBlock: fc.Arbitrary<Block> = fc
  .record({ thinking: text, signature: fc.base64String({ minLength: 4, maxLength: 12 }) })
  .map((thought) => ({ type: 'thinking', ...thought }));
const redactedBlock: fc.Arbitrary<Block> = fc
  .base64String({ minLength: 4, maxLength: 12 })
  .map((data) => ({ type: 'redacted_thinking', data }));
export const toolUseBlock: fc.Arbitrary<Block & { readonly id: string }> = fc
  .record({ id, name: fc.stringMatching(/^[a-z_]{1,12}$/), input })
  .map((call) => ({ type: 'tool_use', ...call }));

const stop = fc.oneof(
  fc
    .constantFrom('end_turn', 'max_tokens', 'tool_use', 'refusal')
    .map((reason) => ({ stop_reason: reason, stop_sequence: null })),
  text.map((sequence) => ({ stop_reason: 'stop_sequence', stop_sequence: sequence })),
);
const count = fc.nat(1_000_000);
const usage = fc.record({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: fc.integer({ min: 1, max: 1_000_000 }),
});

const answer = (content: fc.Arbitrary<readonly Block[]>): fc.Arbitrary<WholeMessage> =>
  fc
    .record({ content, ending: stop, usage })
    .map(({ ending, ...rest }) => ({ ...rest, ...ending }));

/** Thoughts, at most one text, calls: the order in which a chat completion can say them too. */
export const wholeMessage = answer(
  fc
    .tuple(
      fc.array(fc.oneof(thinkingBlock, redactedBlock), { maxLength: 2 }),
      fc.array(textBlock, { maxLength: 1 }),
      fc.uniqueArray(toolUseBlock, { maxLength: 3, selector: ({ id: name }) => name }),
    )
    .map((parts) => parts.flat()),
);

/** Blocks in any order, but no text right behind a text: nobody could tell them apart. */
export const anyMessage = answer(
  fc
    .array(fc.oneof(textBlock, thinkingBlock, redactedBlock, toolUseBlock), { maxLength: 6 })
    .map((blocks) =>
      blocks.filter(({ type }, at) => type !== 'text' || blocks[at - 1]?.type !== 'text'),
    ),
);

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A message as Anthropic streams it, its texts in pieces of `piece` code units. */
export function eventsOf(message: WholeMessage, piece: number): readonly Event[] {
  const { content, stop_reason, stop_sequence, usage: counted } = message;
  const { output_tokens, ...before } = counted;
  const start = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [] };
  return [
    { type: 'message_start', message: { ...start, usage: { ...before, output_tokens: 1 } } },
    ...content.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: empty(block) },
      { type: 'ping' },
      ...deltasOf(block, piece).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage: { output_tokens } },
    { type: 'message_stop' },
  ];
}

function empty(block: Block): Block {
  switch (block.type) {
    case 'text':
      return { ...block, text: '' };
    case 'thinking':
      return { ...block, thinking: '', signature: '' };
    case 'tool_use':
      return { ...block, input: {} };
    default:
      return block;
  }
}

const Said = z.looseObject({
  text: z.string().default(''),
  thinking: z.string().default(''),
  signature: z.string().default(''),
  input: z.unknown().optional(),
});

function deltasOf(block: Block, piece: number): readonly object[] {
  const said = Said.parse(block);
  switch (block.type) {
    case 'text':
      return pieces(said.text, piece).map((each) => ({ type: 'text_delta', text: each }));
    case 'thinking':
      return [
        ...pieces(said.thinking, piece).map((each) => ({ type: 'thinking_delta', thinking: each })),
        { type: 'signature_delta', signature: said.signature },
      ];
    case 'tool_use':
      return pieces(JSON.stringify(said.input), piece).map((each) => ({
        type: 'input_json_delta',
        partial_json: each,
      }));
    default:
      return [];
  }
}

const pieces = (whole: string, length: number): readonly string[] =>
  Array.from({ length: Math.ceil(whole.length / length) }, (_, at) =>
    whole.slice(at * length, (at + 1) * length),
  );

const Told = z.looseObject({
  type: z.string(),
  index: z.int().default(-1),
  content_block: Block.optional(),
  delta: z.record(z.string(), z.unknown()).default({}),
  usage: z.record(z.string(), z.number()).default({}),
});

/** The message that a client puts together from a stream's events; throws if they are in no order. */
export function messageFrom(events: readonly unknown[]): WholeMessage {
  const content: Block[] = [];
  let isOpen = false;
  let end: Partial<WholeMessage> = {};
  for (const event of z.array(Told).parse(events)) {
    const last = content.at(-1) ?? { type: 'none' };
    switch (event.type) {
      case 'content_block_start':
        inOrder(!isOpen && event.index === content.length);
        isOpen = true;
        content.push(Block.parse(event.content_block));
        break;
      case 'content_block_delta':
        inOrder(isOpen && event.index === content.length - 1);
        content.splice(-1, 1, grown(last, event.delta));
        break;
      case 'content_block_stop':
        isOpen = false;
        content.splice(-1, 1, closed(last));
        break;
      case 'message_delta':
        end = { ...event.delta, usage: event.usage };
        break;
    }
  }
  inOrder(!isOpen && end.usage !== undefined);
  return { stop_reason: '', stop_sequence: null, usage: {}, ...end, content };
}

function inOrder(is: boolean): void {
  if (!is) throw new Error('The events are in no order.');
}

function grown(block: Block, { type: _, ...delta }: Record<string, unknown>): Block {
  const more = Object.entries(delta).map(([field, said]) => [
    field,
    `${block[field] ?? ''}${String(said)}`,
  ]);
  return { ...block, ...Object.fromEntries(more) };
}

function closed({ partial_json: json, ...block }: Block): Block {
  return typeof json === 'string' && json !== '' ? { ...block, input: JSON.parse(json) } : block;
}
