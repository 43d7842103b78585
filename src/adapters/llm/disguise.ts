import { createHash } from 'node:crypto';
import { signatureIn } from './call-signature.ts';
import { hideUnknown, isPlain, plainOf } from './hide-unknown.ts';
import { isJson, objectsIn } from './json.ts';
import { disguiseNative } from './responses-disguise.ts';
import type { Json } from './upstream.ts';
import { calledIn } from './written.ts';

/** Fields whose content is the model's, or ours, or is looked at by itself. */
const ofAnswer = new Set([
  ...['id', 'model', 'choices', 'usage', 'data', 'results', 'bytes', 'text', 'delta'],
  ...['segments', 'words', 'speaker', 'logprobs', 'b64_json', 'audio', 'size', 'native'],
]);
const ofResult = new Set([
  ...['embedding', 'b64_json', 'url', 'revised_prompt'],
  ...['categories', 'category_scores', 'category_applied_input_types'],
]);
/** Of a part of what was heard: words, and whose they are. */
const ofHeard = new Set(['text', 'word', 'speaker']);
const ofChoice = new Set(['message', 'delta', 'logprobs', 'finish_reason', 'text']);
const ofUsage: ReadonlySet<string> = new Set();
/** Who thinks in which format is known to everybody. */
const ofThought = new Set(['type', 'text', 'summary', 'data', 'signature']);
const ofMessage = new Set([
  ...['content', 'reasoning', 'reasoning_content', 'reasoning_details', 'refusal'],
  ...['tool_calls', 'function_call', 'annotations', 'audio'],
]);

const ofCall = new Set(['id', 'function', 'custom', 'extra_content']);
const ofCalled = new Set(['name', 'arguments', 'input']);
/** What a chat's are lists for; DeepSeek has those of thoughts. */
const tokenLists = ['content', 'refusal', 'reasoning_content'] as const;
/** The older ones of completions beside those. */
const ofLogprobs = new Set<string>([
  ...tokenLists,
  ...['tokens', 'token_logprobs', 'top_logprobs', 'text_offset'],
]);
const ofToken = new Set(['token', 'bytes', 'logprob', 'top_logprobs']);
const ofSound = new Set(['id', 'data', 'transcript', 'expires_at']);

/** What members see instead of an upstream's own words. */
export interface Mask {
  /** Null: such answers have none. */
  readonly id: string | null;
  readonly alias: string;
  /** They name the model; what names it where none is named is hidden as well. */
  readonly isNamed: boolean;
  /** Only the id is ours: whoever asks may know the rest. */
  readonly transparent?: boolean;
  /** Seconds since 1970, for an answer that tells none. */
  readonly created: number;
}

/** Puts our name and id on an upstream's chunk or body, in place. */
export function disguise(
  answer: Json,
  { id, alias, isNamed, transparent }: Omit<Mask, 'created'>,
): void {
  answer.id = id ?? (isPart(answer) ? partIdOf(answer.id) : undefined);
  if (isJson(answer.native)) {
    disguiseNative(answer.native, { id: responseIdOf(id), alias: transparent ? undefined : alias });
  }
  if (transparent) return;
  if (isNamed || answer.model !== undefined) answer.model = alias;
  hideUnknown(answer, ofAnswer);
  if (isJson(answer.usage)) disguiseUsage(answer.usage);
  for (const [field, disguiseItem] of lists) {
    for (const item of objectsIn(answer[field])) disguiseItem(item);
  }
}

/** Counts stay, whatever else is among the details of one. */
function disguiseUsage(usage: Json): void {
  for (const [field, details] of Object.entries(usage)) {
    if (isJson(details)) usage[field] = plainOf(details);
  }
  hideUnknown(usage, ofUsage);
}

const disguiseResult = (result: Json): void => hideUnknown(result, ofResult);

function disguisePart(part: Json): void {
  const { id } = part;
  hideUnknown(part, ofHeard);
  if (id !== undefined) part.id = partIdOf(id);
}

/** In a stream a part comes by itself. */
const isPart = ({ type }: Json): boolean => type === 'transcript.text.segment';

/** As OpenAI's look; others are numbers. */
const partId = /^seg_\d{1,9}$/;

const partIdOf = (id: unknown): unknown =>
  typeof id !== 'string' || partId.test(id) ? id : `seg_${digest(id)}`;

/** What answers are lists of. */
const lists: readonly (readonly [field: string, disguiseItem: (item: Json) => void])[] = [
  ['choices', disguiseChoice],
  ['data', disguiseResult],
  ['results', disguiseResult],
  ['segments', disguisePart],
  ['words', disguisePart],
];

function disguiseChoice(choice: Json): void {
  hideUnknown(choice, ofChoice);
  if (!isPlain(choice.finish_reason, 0)) choice.finish_reason = 'stop';
  if (isJson(choice.logprobs)) disguiseLogprobs(choice.logprobs);
  const message = choice.delta ?? choice.message;
  if (!isJson(message)) return;
  hideUnknown(message, ofMessage);
  for (const call of objectsIn(message.tool_calls)) disguiseCall(call);
  for (const called of calledIn(message)) hideUnknown(called, ofCalled);
  if (isJson(message.audio)) disguiseSound(message.audio);
  for (const thought of objectsIn(message.reasoning_details)) hideUnknown(thought, ofThought);
}

function disguiseLogprobs(logprobs: Json): void {
  hideUnknown(logprobs, ofLogprobs);
  for (const token of tokenLists.flatMap((field) => objectsIn(logprobs[field]))) {
    const { top_logprobs: others } = token;
    for (const each of [token, ...objectsIn(others)]) hideUnknown(each, ofToken);
  }
}

/** Anthropic's own begin with `toolu`; what goes on with a call may have an empty one, which is none. */
const plainId = /^(?!toolu)\w{0,64}$/;

/**
 * A call comes back in the next request, so the same id is always hidden alike, and a signature is
 * kept, though not whose it is.
 */
function disguiseCall(call: Json): void {
  const { id, extra_content: extra } = call;
  hideUnknown(call, ofCall);
  call.id = hiddenId(id, 'call');
  if (extra === undefined) return;
  const signature = signatureIn(extra);
  Object.assign(call, { extra_content: signature && { thought_signature: signature } });
}

/** It comes back in the next chunk, or by its id. */
function disguiseSound(sound: Json): void {
  hideUnknown(sound, ofSound);
  sound.id = hiddenId(sound.id, 'audio');
}

const hiddenId = (id: unknown, kind: 'call' | 'audio'): unknown =>
  typeof id !== 'string' || plainId.test(id) ? id : `${kind}_${digest(id)}`;

/** The same for the same, and nothing that says what it was. */
const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 24);

/** The id of an answer, as OpenAI's look. */
export const answerIdOf = (prefix: string | null, callId: string): string | null =>
  prefix === null ? null : `${prefix}${callId.replaceAll('-', '')}`;

/** The same answer's, where it is a Response. */
const responseIdOf = (id: string | null): string => `resp_${id?.replace(/^.*-/, '') ?? ''}`;
