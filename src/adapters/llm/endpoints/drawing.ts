import { broken } from '../call-fault.ts';
import type { Form } from '../form.ts';
import { formOf } from '../form.ts';
import { refuseUnbounded } from '../input.ts';
import { objectsIn } from '../json.ts';
import { refuseAddresses } from '../kept-elsewhere.ts';
import { unsupported } from '../unbounded-fields.ts';
import type { Json } from '../upstream.ts';
import type { Endpoint } from './endpoint.ts';
import { eventStream } from './event-stream.ts';
import { listAnswer } from './list-answer.ts';
import { pictures, pictureTokens } from './picture-measures.ts';
import { mostGivenTokens, pictureOf } from './picture-tokens.ts';
import { plain } from './plain.ts';

/**
 * Pictures from a text: sold by the piece, or by tokens. They come as data and never as addresses, which
 * would say who made them. Allowances of characters don't pay for pictures; those of tokens do where they
 * are sold by tokens.
 */
export const imageGenerations: Endpoint = {
  ...drawing('/images/generations'),
  inputOf(body) {
    refuseUnbounded(body);
    for (const field of given) refuseAddresses(field, [body[field]]);
    refuseOtherCounts((field) => [body[field]]);
    const pictures = given.flatMap((field) => body[field] ?? []).length;
    return {
      ...{ texts: [String(body.prompt ?? '')], wrappers: null, characters: null },
      picture: {
        ...pictureOf((field) => body[field]),
        givenTokens: mostGivenTokens * pictures,
      },
    };
  },
  bodyOf({ body, model }) {
    const { response_format: _, ...rest } = body;
    return { ...rest, model, ...(saysFormat(model) ? { response_format: 'b64_json' } : {}) };
  },
};

/** Pictures from pictures. */
export const imageEdits: Endpoint = {
  ...drawing('/images/edits'),
  inputOf(body) {
    const form = formOf(body);
    refuseUnbounded(form.fields());
    const addresses = given.flatMap((field) => {
      const texts = textsUnder(form, field);
      refuseAddresses(field, texts);
      return texts;
    });
    refuseOtherCounts((field) => form.texts(field));
    const uploads = [...form.uploads('image'), ...form.uploads('mask')];
    const pictures = uploads.length + addresses.length;
    return {
      ...{ texts: form.texts('prompt'), wrappers: null, characters: null },
      picture: {
        ...pictureOf((field) => form.texts(field)[0]),
        givenTokens: mostGivenTokens * pictures,
      },
    };
  },
  bodyOf({ body, model }) {
    const form = formOf(body).without('response_format').with('model', model);
    return saysFormat(model) ? form.with('response_format', 'b64_json') : form;
  },
};

/** Where a picture may be given by its address, as some providers take it. */
const given = ['image', 'images', 'mask'];

/** As with files, brackets may stand behind the name. */
const textsUnder = (form: Form, field: string) =>
  [field, `${field}[]`].flatMap((name) => form.texts(name));

/** Some providers' words for more pictures than `n`, which is what credit is held for. */
const otherCounts = ['batch_size', 'num_images', 'num_outputs', 'sequential_image_generation'];
const asksForOne = new Set<unknown>([undefined, null, 1, '1', 'disabled']);

function refuseOtherCounts(wishes: (field: string) => readonly unknown[]): void {
  const more = otherCounts.find((field) => wishes(field).some((wish) => !asksForOne.has(wish)));
  if (more !== undefined) throw unsupported(more);
}

/** These know data alone and refuse to be asked for it. */
const dataOnly = /^(chat)?gpt-image/;
const saysFormat = (model: string): boolean =>
  !dataOnly.test(model.slice(model.lastIndexOf('/') + 1));

type Common = Omit<Endpoint, 'inputOf' | 'bodyOf'>;

function drawing(path: string): Common {
  return {
    ...plain,
    path,
    measures: [pictures, pictureTokens],
    answerOf(text, { body }) {
      const answer = listAnswer(text, 'data');
      const format = body.response_format ?? formOf(body).texts('response_format')[0];
      const type = `image/${typeof answer.output_format === 'string' ? answer.output_format : 'png'}`;
      for (const picture of objectsIn(answer.data))
        hideAddress(picture, format === 'url' ? type : null);
      return answer;
    },
    stream: () => eventStream(isMade, { isPicture: true }),
    mayBeLast: ({ type }) => typeof type === 'string' && isMade(type),
    piecesIn({ data, type }) {
      if (typeof type === 'string') return isMade(type) ? 1 : 0;
      return Array.isArray(data) ? data.length : 0;
    },
  };
}

const isMade = (type: string): boolean => type.endsWith('.completed');

/** Who asked for an address gets one that holds the picture itself. */
function hideAddress(picture: Json, type: string | null): void {
  const { b64_json: data } = picture;
  if (typeof data !== 'string' || data === '') throw broken('The upstream sent no picture.');
  picture.url = type === null ? undefined : `data:${type};base64,${data}`;
  if (type !== null) picture.b64_json = undefined;
}
