import type { PriceName } from '../../domain/price-list/events.ts';
import { CallFault } from './call-fault.ts';
import type { ChatFile } from './chat-files.ts';
import { fileIn } from './chat-files.ts';
import type { Voice } from './chat-sounds.ts';
import { heardIn, voiceIn } from './chat-sounds.ts';
import { codePoints } from './code-points.ts';
import type { Picture } from './endpoints/picture-tokens.ts';
import type { Sound } from './endpoints/sounds.ts';
import { isJson } from './json.ts';
import { isWish, refuseKept } from './kept-elsewhere.ts';
import type { Picture as Shown } from './pictures.ts';
import { isPicture, pictureOf } from './pictures.ts';
import { refuseFields, unsupported } from './unbounded-fields.ts';
import type { Json } from './upstream.ts';
import { changeWritten } from './written.ts';

/** What of a request becomes input. */
export interface Input {
  readonly texts: readonly string[];
  /** How many wrappers a template puts around them; null: there is no template. */
  readonly wrappers: number | null;
  /** Tokens that came as their numbers. */
  readonly tokens?: number;
  /** Code points of what is asked; null: not all of it is text, or an answer's can't be limited. */
  readonly characters: number | null;
  readonly sound?: Sound;
  readonly picture?: Picture;
  /** Those among the messages. */
  readonly pictures?: readonly Shown[];
  readonly sounds?: readonly Sound[];
  /** Each with where it is. */
  readonly files?: readonly GivenFile[];
  /** The answer is to be spoken as well. */
  readonly voice?: Voice;
  /** What must have a price beside text, and the field that asks for it. */
  readonly extras?: ReadonlyMap<PriceName, string>;
  /** What the answer is predicted to say: all of it that it doesn't say is billed as output too. */
  readonly predicted?: readonly string[];
  /** It is counted for this one alone, and no further once it is gone; left out: whatever becomes of anybody. */
  readonly client?: AbortSignal;
}

/** A file, and the field that gives it. */
export interface GivenFile extends ChatFile {
  readonly path: string;
}

/** These steer the answer and are never read by the model; any other field counts as input. */
const notInput = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'user',
  'store',
  'metadata',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
  'service_tier',
  'parallel_tool_calls',
  'reasoning_effort',
  'verbosity',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
]);

/** No dearer than the model's own price; any other tier is sold at a price that the list doesn't know. */
const pricedTiers = new Set<unknown>([undefined, null, 'auto', 'default', 'flex']);
/** A chat's answers are those of `n`; more that are written and thrown away are nobody's. */
const asksForOne = new Set<unknown>([undefined, null, 1]);
/** The caller runs these; any other kind of tool is run, and billed, by the provider. */
const ownTools = new Set<unknown>([undefined, null, 'function', 'custom']);

/** A template gives each of these a token or two; any other text here would be input that nobody counts. */
const roles = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];

/** Reads what of a chat becomes input, or refuses what can't be bounded. */
export function inputOf(body: Readonly<Json>): Input {
  refuseUnboundedChat(body);
  const read = nothingRead();
  const { texts, pictures, sounds, files } = read;
  const messages = Array.isArray(body.messages) ? body.messages : [];
  messages.forEach((message, index) => {
    if (isJson(message)) addMessage(message, `messages[${index}]`, read);
  });
  let wrappers = messages.length;
  for (const value of [...otherValues(body), ...besideVoice(body)]) {
    texts.push(JSON.stringify(value));
    wrappers += Array.isArray(value) ? value.length : 1;
  }
  const predicted = predictedIn(body);
  const voice = voiceIn(body);
  const extras = extrasOf(read, voice);
  return {
    texts,
    wrappers,
    // Pictures, sounds and files have none, so nobody pays for them in characters.
    characters:
      pictures.length > 0 || files.length > 0 || extras.size > 0
        ? null
        : charactersOf(messages.filter(isJson)),
    ...(pictures.length > 0 && { pictures }),
    ...(sounds.length > 0 && { sounds }),
    ...(files.length > 0 && { files }),
    ...(voice && { voice }),
    ...(extras.size > 0 && { extras }),
    ...(predicted.length > 0 && { predicted }),
  };
}

/** What was found in messages so far. */
interface Read {
  readonly texts: string[];
  readonly pictures: Shown[];
  readonly sounds: Sound[];
  readonly files: GivenFile[];
  /** Where the first sound is. */
  soundAt?: string;
}

const nothingRead = (): Read => ({ texts: [], pictures: [], sounds: [], files: [] });

function extrasOf({ soundAt }: Read, voice: Voice | undefined): ReadonlyMap<PriceName, string> {
  const extras = new Map<PriceName, string>();
  if (soundAt !== undefined) extras.set('audioInput', soundAt);
  if (voice) extras.set('audioOutput', 'modalities');
  return extras;
}

/** The texts of a prediction; any other kind of it has a cost that nobody knows. */
function predictedIn({ prediction }: Readonly<Json>): readonly string[] {
  if (!isWish(prediction)) return [];
  const { type, content } = isJson(prediction) ? prediction : {};
  if (type !== 'content') throw unsupported('prediction');
  const said = nothingRead();
  addContent(content, 'prediction.content', said);
  if (said.pictures.length + said.sounds.length + said.files.length > 0)
    throw unsupported('prediction.content');
  return said.texts;
}

/** Of fields that nobody knows: whatever they are, a model may read them. */
const otherValues = (body: Readonly<Json>, known: ReadonlySet<string> = noFields) =>
  Object.entries(body).flatMap(([field, value]) =>
    notInput.has(field) || known.has(field) || value === null || value === undefined ? [] : [value],
  );

const noFields: ReadonlySet<string> = new Set();

/** Of what stands beside a voice and its format nobody knows that a model doesn't read it. */
function besideVoice({ audio }: Readonly<Json>): readonly unknown[] {
  const { voice: _, format: __, ...others } = isJson(audio) ? audio : { audio };
  return Object.values(others).filter((value) => value !== undefined && value !== null);
}

/**
 * Reads a text, several of them, or the same as numbers of tokens, as legacy completions and embeddings
 * are asked; `known` are fields beside it that no model reads.
 */
export function bareInputOf(
  body: Readonly<Json>,
  field: 'prompt' | 'input',
  known: ReadonlySet<string>,
): Input {
  refuseUnbounded(body);
  if (voiceIn(body)) throw unsupported('modalities');
  const given = body[field];
  const parts: readonly unknown[] = Array.isArray(given) ? given.flat() : [given];
  const asked = parts.filter((part) => typeof part === 'string');
  const tokens = parts.filter((part) => typeof part === 'number').length;
  if (asked.length + tokens < parts.length) throw unsupported(field);
  const others = otherValues(body, known).map((value) => textOf(value));
  const count = (texts: readonly string[]) =>
    texts.reduce((total, text) => total + codePoints(text), 0);
  return {
    texts: [...asked, ...others],
    wrappers: null,
    tokens,
    // Nobody knows how many characters a token has.
    characters: tokens > 0 ? null : count(asked),
  };
}

function charactersOf(messages: readonly Json[]): number {
  let characters = 0;
  for (const message of messages) {
    changeWritten(message, (text) => {
      characters += codePoints(text);
      return text;
    });
  }
  return characters;
}

/** Throws for what nothing bounds, or what is kept in the operator's account; also where it is passed on. */
export function refuseUnbounded(body: Readonly<Json>): void {
  refuseFields(body);
  if (!pricedTiers.has(body.service_tier)) throw unsupported('service_tier');
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const foreign = tools.findIndex((tool) => isJson(tool) && !ownTools.has(tool.type));
  if (foreign >= 0) throw unsupported(`tools[${foreign}]`);
  const { modalities } = body;
  if (modalities === undefined || modalities === null) return;
  const areKnown = Array.isArray(modalities) && modalities.every((each) => modes.has(each));
  if (!areKnown) throw unsupported('modalities');
}

function refuseUnboundedChat(body: Readonly<Json>): void {
  refuseUnbounded(body);
  if (!asksForOne.has(body.best_of)) throw unsupported('best_of');
}

const modes = new Set<unknown>(['text', 'audio']);

function addMessage({ content, role, ...rest }: Json, path: string, read: Read): void {
  if (typeof role !== 'string' || !roles.includes(role)) throw unknownRole(`${path}.role`);
  // An earlier answer is input again, and nobody here knows how long it is.
  if (rest.audio !== undefined && rest.audio !== null) throw unsupported(`${path}.audio`);
  refuseKept(rest, `${path}.`);
  addContent(content, `${path}.content`, read);
  for (const [field, value] of Object.entries(rest)) read.texts.push(field, textOf(value));
}

function addContent(content: unknown, path: string, read: Read): void {
  if (typeof content === 'string') read.texts.push(content);
  else if (Array.isArray(content)) addParts(content, path, read);
  else if (content !== undefined && content !== null) throw unsupported(path);
}

function addParts(parts: readonly unknown[], path: string, read: Read): void {
  parts.forEach((part, index) => {
    if (!isJson(part)) throw unsupported(`${path}[${index}]`);
    refuseKept(part, `${path}[${index}].`);
    // Which of the two is read is for the upstream to say.
    const texts = [part.text, part.refusal].filter((each) => typeof each === 'string');
    read.texts.push(...texts);
    if (isTextPart(part)) return;
    const { type, image_url: image } = part;
    if (type === 'image_url' && isPicture(image)) read.pictures.push(pictureOf(image));
    else if (type === 'input_audio') addSound(part, `${path}[${index}]`, read);
    else if (type === 'file') addFile(part, `${path}[${index}]`, read);
    else throw unsupported(`${path}[${index}]`);
  });
}

const isTextPart = ({ type, text, refusal }: Json): boolean =>
  (type === 'text' || type === 'refusal') && typeof (text ?? refusal) === 'string';

function addSound({ input_audio: audio }: Json, path: string, read: Read): void {
  const sound = heardIn(audio);
  if (!sound) throw notASound(path);
  read.sounds.push(sound);
  read.soundAt ??= path;
}

function addFile({ file: given }: Json, path: string, read: Read): void {
  const file = fileIn(given);
  if (!file) throw notAFile(path);
  read.files.push({ ...file, path });
  read.texts.push(file.name);
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');

const notASound = (param: string) =>
  new CallFault('unsupported_input', `\`${param}\` is no base64 of a wav or mp3 sound.`, {
    ...{ param, why: 'not_a_sound', values: { param } },
  });

const notAFile = (param: string) =>
  new CallFault('unsupported_input', `\`${param}\` is no base64 of a PDF or a text.`, {
    ...{ param, why: 'not_a_file', values: { param } },
  });

const unknownRole = (param: string) =>
  new CallFault('unsupported_input', `\`${param}\` must be one of ${roles.join(', ')}.`, {
    param,
    why: 'unknown_role',
    values: { param, roles: roles.join(', ') },
  });
