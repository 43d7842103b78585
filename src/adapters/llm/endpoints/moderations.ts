import { bareInputOf } from '../input.ts';
import { isJson } from '../json.ts';
import type { Endpoint } from './endpoint.ts';
import { reading } from './plain.ts';

const known: ReadonlySet<string> = new Set(['input']);

/** What a text is about is judged. Answers name no usage, so that what is read is counted by us. */
export const moderations: Endpoint = {
  ...reading('results'),
  path: '/moderations',
  idPrefix: 'modr-',
  inputOf: ({ input, ...rest }) => bareInputOf({ ...rest, input: textsIn(input) }, 'input', known),
};

/** Parts that are texts, as texts; a picture stays what it is, and nothing bounds it. */
const textsIn = (input: unknown): unknown =>
  Array.isArray(input)
    ? input.map((part: unknown) => (isJson(part) && part.type === 'text' ? part.text : part))
    : input;
