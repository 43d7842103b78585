import type { Json } from '../../adapters/llm/upstream.ts';
import { from } from '../origin.ts';
import { written } from '../written.ts';
import type { Part } from './input-items.ts';
import { refusal } from './refused-fields.ts';

/** Parts of an item in a chat message's words; `path` names them to who is to blame. */
export const partsOf = (parts: readonly Part[], path: string): readonly Json[] =>
  parts.map((part, index) => from(`${path}[${index}]`, partOf(part, `${path}[${index}]`)));

/** One text is said as such. */
export function contentOf(parts: readonly Json[]): unknown {
  const [first, ...more] = parts;
  if (!first) return '';
  return more.length === 0 && first.type === 'text' ? first.text : parts;
}

function partOf(part: Part, path: string): Json {
  if (part.file_id) throw refusal(`${path}.file_id`, 'nothing_kept');
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text };
    case 'refusal':
      return { type: 'refusal', refusal: part.refusal };
    case 'input_image': {
      const { image_url: url, detail } = part;
      if (!url) throw refusal(`${path}.image_url`, 'field_missing');
      return { type: 'image_url', image_url: written({ url, detail }) };
    }
    case 'input_file': {
      const { file_data: data, filename, file_url: url } = part;
      if (url) throw refusal(`${path}.file_url`, 'unsupported_field');
      if (!data) throw refusal(`${path}.file_data`, 'field_missing');
      return { type: 'file', file: written({ filename, file_data: data }) };
    }
  }
}
