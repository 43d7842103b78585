import { z } from 'zod';

/** A bare text stands for one part of text. */
const partsOf = <Schema extends z.ZodType>(part: Schema) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? [{ type: 'input_text', text: given }] : given),
    z.array(part).max(10_000),
  );

const InputText = z.looseObject({ type: z.literal('input_text'), text: z.string() });
const OutputText = z.looseObject({ type: z.literal('output_text'), text: z.string() });
const Refusal = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });
const InputImage = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
  detail: z.string().nullish(),
});
const InputFile = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish(),
  filename: z.string().nullish(),
  file_id: z.string().nullish(),
  file_url: z.string().nullish(),
});

const Part = z.discriminatedUnion('type', [InputText, OutputText, Refusal, InputImage, InputFile]);
export type Part = z.output<typeof Part>;

const CallId = z.string().min(1).max(256);
const Name = z.string().min(1).max(256);

const Message = z.looseObject({
  type: z.literal('message'),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: partsOf(Part),
});
const FunctionCall = z.looseObject({
  type: z.literal('function_call'),
  call_id: CallId,
  name: Name,
  arguments: z.string(),
});
const FunctionCallOutput = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: CallId,
  output: partsOf(Part),
});
const CustomToolCall = z.looseObject({
  type: z.literal('custom_tool_call'),
  call_id: CallId,
  name: Name,
  input: z.string(),
});
const CustomToolCallOutput = z.looseObject({
  type: z.literal('custom_tool_call_output'),
  call_id: CallId,
  output: partsOf(Part),
});
const Reasoning = z.looseObject({
  type: z.literal('reasoning'),
  content: z.array(z.looseObject({ type: z.string(), text: z.string() })).nullish(),
  encrypted_content: z.string().nullish(),
});
const ItemReference = z.looseObject({ type: z.literal('item_reference'), id: z.string() });
/** What a provider's own tool did, or what is new. */
const Foreign = z.looseObject({ type: z.literal('foreign') });

const kinds = [
  Message,
  FunctionCall,
  FunctionCallOutput,
  CustomToolCall,
  CustomToolCallOutput,
  Reasoning,
  ItemReference,
  Foreign,
] as const;
const known = new Set<unknown>(kinds.map(({ shape }) => shape.type.value));

const Typed = z.looseObject({ type: z.string().nullish(), role: z.unknown().optional() });

/** Items may leave out that they are messages, or references. */
function typed(given: unknown): unknown {
  const parsed = Typed.safeParse(given);
  if (!parsed.success) return given;
  const { type, role } = parsed.data;
  if (type) return known.has(type) ? given : { type: 'foreign' };
  return { ...parsed.data, type: role === undefined ? 'item_reference' : 'message' };
}

const Item = z.preprocess(typed, z.discriminatedUnion('type', kinds));
export type Item = z.output<typeof Item>;

/** A bare text is what the user says. */
export const Input = z.preprocess(
  (given) => (typeof given === 'string' ? [{ role: 'user', content: given }] : given),
  z.array(Item).min(1).max(10_000),
);
