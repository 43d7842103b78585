import { z } from 'zod';
import { beyondProtocol } from './beyond-protocol.ts';
import { signatureIn } from './call-signature.ts';
import { toldFile } from './chat-files.ts';
import type { Part } from './chat-words.ts';
import { Call, eachMessage, Message } from './chat-words.ts';
import { isJson, parseToldJson } from './json.ts';
import type { Json } from './upstream.ts';

const OwnCall = Call.extend({ extra_content: z.unknown().optional() });
const OwnMessage = Message.extend({ tool_calls: z.array(OwnCall).nullish() });
type Said = z.output<typeof OwnMessage>;

interface Turn {
  readonly role: 'user' | 'model';
  readonly parts: Json[];
}

export interface Turns {
  /** What stands outside of the conversation, in its order. */
  readonly system: readonly Json[];
  readonly turns: readonly Turn[];
}

/** What Google names for a call that another model made, and that nobody could sign. */
const unsigned = 'skip_thought_signature_validator';

/**
 * OpenAI's messages as turns of two: neighbours of one role are one turn. What tools answered is a turn
 * of its own, in the order of the calls; `needsSignature`: the first call of a turn must have one.
 */
export function geminiTurns(messages: unknown, needsSignature: boolean): Turns {
  const system: Json[] = [];
  const turns: Turn[] = [];
  const results = toolResults();
  const say = (role: Turn['role'], parts: readonly Json[]) => {
    const last = turns.at(-1);
    if (parts.length === 0) return;
    if (last?.role === role && !results.isFor(last)) last.parts.push(...parts);
    else turns.push({ role, parts: [...parts] });
  };
  eachMessage(messages, OwnMessage, {
    system: (message, path) => system.push(...partsOf(message, path)),
    user: (message, path) => say('user', partsOf(message, path)),
    assistant(message, path) {
      results.expect(message);
      say('model', [...partsOf(message, path), ...callsOf(message, path, needsSignature)]);
    },
    tool: (message, path) => results.answer(message, path, turns),
  });
  return { system, turns };
}

function partsOf({ content, refusal }: Said, path: string): readonly Json[] {
  const given = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  const parts = given.flatMap((part, index) => partOf(part, `${path}.content[${index}]`));
  return refusal ? [...parts, { text: refusal }] : parts;
}

/** An empty text is no part: Gemini refuses it. */
function partOf(part: z.output<typeof Part>, path: string): readonly Json[] {
  const { type, text = part.refusal } = part;
  if ((type === 'text' || type === 'refusal') && text !== undefined) {
    return text === '' ? [] : [{ text }];
  }
  return [{ inlineData: inlineOf(part, path) }];
}

function inlineOf(part: z.output<typeof Part>, path: string): Json {
  const { type, image_url: image, input_audio: audio, file } = part;
  if (type === 'input_audio' && audio) {
    return { mimeType: `audio/${audio.format}`, data: audio.data };
  }
  if (type === 'file' && file) return fileOf(file.file_data, path);
  if (type !== 'image_url' || !image) throw beyondProtocol(path);
  const [, mimeType, data] = inline.exec(image.url) ?? [];
  // An address could name a film, or a file of the operator's account.
  if (data === undefined) throw beyondProtocol(`${path}.image_url.url`);
  return { mimeType, data };
}

const inline = /^data:(image\/(?:jpeg|png|webp|heic|heif));base64,([A-Za-z0-9+/=]+)$/;

/** It knows texts by that name alone, and has no place for what a file is called. */
function fileOf(address: string, path: string): Json {
  const file = toldFile(address);
  if (!file) throw beyondProtocol(path);
  if (file.kind === 'pdf') return { mimeType: 'application/pdf', data: file.data };
  return { mimeType: file.type.startsWith('text/') ? file.type : 'text/plain', data: file.data };
}

function callsOf(
  { tool_calls: calls }: Said,
  path: string,
  needsSignature: boolean,
): readonly Json[] {
  return (calls ?? []).map(({ id, function: { name, arguments: text }, extra_content }, index) => {
    const args = text.trim() === '' ? {} : parseToldJson(text);
    if (!isJson(args)) throw beyondProtocol(`${path}.tool_calls[${index}].function.arguments`);
    const own = signatureIn(extra_content);
    const without = needsSignature && index === 0 ? unsigned : undefined;
    return { functionCall: { id, name, args }, thoughtSignature: own ?? without };
  });
}

/** What became of the calls of the last turn that had some. */
function toolResults() {
  let names = new Map<string, { readonly name: string; readonly place: number }>();
  let turn: Turn | undefined;
  /** Of each part of the turn, whose call's it is. */
  let places: number[] = [];
  return {
    isFor: (other: Turn): boolean => other === turn,
    expect({ tool_calls: calls }: Said): void {
      if (!calls || calls.length === 0) return;
      names = new Map(calls.map(({ id, function: { name } }, place) => [id, { name, place }]));
      turn = undefined;
      places = [];
    },
    answer(message: Said, path: string, turns: Turn[]): void {
      const { tool_call_id: id } = message;
      const called = id ? names.get(id) : undefined;
      if (called === undefined) throw beyondProtocol(`${path}.tool_call_id`);
      const { name, place } = called;
      const response = { [message.is_error ? 'error' : 'output']: resultOf(message, path) };
      const part = { functionResponse: { id, name, response } };
      if (!turn) {
        turn = { role: 'user', parts: [] };
        turns.push(turn);
      }
      // Thousands of results must not be put in order thousands of times.
      const at = places.findLastIndex((each) => each <= place) + 1;
      places.splice(at, 0, place);
      turn.parts.splice(at, 0, part);
    },
  };
}

function resultOf({ content }: Said, path: string): string {
  if (typeof content === 'string') return content;
  const texts = (content ?? []).map(({ type, text }, index) => {
    if (type !== 'text' || text === undefined) throw beyondProtocol(`${path}.content[${index}]`);
    return text;
  });
  return texts.join('\n');
}
