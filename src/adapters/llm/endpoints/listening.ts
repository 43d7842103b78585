import { unusable } from '../call-fault.ts';
import { formOf } from '../form.ts';
import { refuseUnbounded } from '../input.ts';
import { isJson, parseJson } from '../json.ts';
import { unsupported } from '../unbounded-fields.ts';
import type { Json } from '../upstream.ts';
import type { Endpoint } from './endpoint.ts';
import { eventStream } from './event-stream.ts';
import { plain } from './plain.ts';
import { heardAsOpenAi, heardSeconds, heardTokens } from './sound-measures.ts';
import { soundOf } from './sounds.ts';

/** A sound as text. */
export const transcriptions: Endpoint = listening('/audio/transcriptions');
/** The same in English. */
export const translations: Endpoint = listening('/audio/translations');

/**
 * Sold by the second, or by tokens. A bare text has no room for a usage, so that it is asked for as JSON;
 * of subtitles the last one says how long the sound is. Nothing limits what is written, so that no
 * allowance of characters pays for it; one of tokens does where it is sold by those, the answer bounded
 * by the alias's own limit.
 */
function listening(path: string): Endpoint {
  return {
    ...plain,
    path,
    measures: [heardSeconds, heardTokens],
    inputOf(body) {
      const form = formOf(body);
      const [file, ...others] = form.uploads('file');
      // Which of several is listened to is for the upstream to say.
      if (!file || others.length > 0) throw unsupported('file');
      const fields = form.fields();
      refuseUnbounded(fields);
      const address = addresses.find((field) => fields[field] !== undefined);
      if (address !== undefined) throw unsupported(address);
      return {
        ...{ texts: form.texts('prompt'), wrappers: null, characters: null },
        sound: soundOf(file),
      };
    },
    bodyOf({ body, model }) {
      const form = formOf(body).with('model', model);
      return formatOf(body) === 'text' ? form.with('response_format', 'json') : form;
    },
    answerOf: (text, { body }) => (isSubtitles(formatOf(body)) ? subtitles(text) : written(text)),
    saidIn: ({ usage, duration }) => usage ?? (duration === undefined ? undefined : { duration }),
    asEvent: (answer) => ({ ...answer, type: 'transcript.text.done' }),
    stream: () => eventStream((type) => type === 'transcript.text.done'),
    mayBeLast: ({ type }) => type === 'transcript.text.done',
    // Other events say again what deltas have said.
    choicesIn: (answer) =>
      answer.type === undefined || answer.type === 'transcript.text.delta' ? [answer] : [],
    changeText(answer, change) {
      if (typeof answer.delta === 'string') answer.delta = change(answer.delta);
      else if (typeof answer.text === 'string') answer.text = change(answer.text);
    },
    usageAs: heardAsOpenAi,
  };
}

/** Some providers' words for a sound that they fetch themselves, of whatever length. */
const addresses = ['url', 'file_url'];

const formatOf = (body: Readonly<Json>): string | undefined =>
  formOf(body).texts('response_format')[0];

const isSubtitles = (format: string | undefined): boolean => format === 'srt' || format === 'vtt';

function written(text: string): Json {
  const answer = parseJson(text);
  if (isJson(answer) && typeof answer.text === 'string') return answer;
  throw unusable();
}

const cues = /-->\s*(?:(\d+):)?(\d+):(\d+)[.,](\d+)/g;

function subtitles(text: string): Json {
  const last = [...text.matchAll(cues)].at(-1);
  if (!last && text.trim() !== '' && text.trim() !== 'WEBVTT') {
    throw unusable();
  }
  const [, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = last ?? [];
  const duration = 3_600 * Number(hours) + 60 * Number(minutes) + Number(`${seconds}.${fraction}`);
  return { text, duration };
}
