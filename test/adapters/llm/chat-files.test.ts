import { Buffer } from 'node:buffer';
import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import { plainRequest } from '../../../src/adapters/llm/plain-request.ts';
import { sound } from '../../../src/adapters/llm/sandbox-media.ts';
import { familyOf } from '../../../src/adapters/llm/tokenizer.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import {
  inputBounds,
  mostInputBound,
  mostInputTokens,
  wholeInputTokens,
} from '../../../src/adapters/llm/whole-input.ts';
import { aPdf, aSound, aText, dataUrl } from '../../support/paid-calls.ts';

const readerOf = (model: string) => ({ model, family: familyOf(model) });
const [gpt, qwen] = [readerOf('gpt-4o'), readerOf('qwen-max')];
const said = (...content: readonly Json[]): Json => ({ messages: [{ role: 'user', content }] });
const filed = (file: unknown): Json => ({ type: 'file', file });
const hello = { type: 'text', text: 'Hello' };

const pdf = aPdf.file.file_data;
const prefixed = (bytes: number) => `${' '.repeat(bytes)}%PDF-1.4 and more`;

type FileGiven = { readonly file_data: string; readonly filename?: string | null };

/** Each with what is in it, null for what only its reader knows. */
const files: readonly (readonly [FileGiven, string | null])[] = [
  [{ file_data: pdf }, null],
  [{ file_data: pdf, filename: null }, null],
  [{ file_data: pdf.replace('application/pdf', 'Application/PDF') }, null],
  [{ file_data: dataUrl('application/pdf', prefixed(1_019)) }, null],
  [{ file_data: dataUrl('text/plain', '你好 😀'), filename: '你.txt' }, '你好 😀'],
  [{ file_data: dataUrl('text/plain;charset=utf-8', 'a') }, 'a'],
  [{ file_data: dataUrl('text/markdown', '# a') }, '# a'],
  [{ file_data: dataUrl('application/json', '{}') }, '{}'],
  // As a terminal is told colours.
  [{ file_data: dataUrl('text/plain', '\u001b[32mok') }, '\u001b[32mok'],
  [{ file_data: dataUrl('text/plain', '\r\n\t\r\n') }, '\r\n\t\r\n'],
];
for (const [index, [file, text]] of files.entries()) {
  test(`a PDF or a text is a file, ${index}`, (t) => {
    const { files: given = [], texts, characters } = inputOf(said(hello, filed(file)));
    t.is(given.length, 1);
    t.is(given[0]?.text?.() ?? null, text);
    t.is(given[0]?.path, 'messages[0].content[1]');
    t.deepEqual(texts, ['Hello', file.filename ?? '']);
    t.is(characters, null);
  });
}

const wav = Buffer.from(sound('x', 'wav'));
const plain = dataUrl('text/plain', 'Hello');
const noFiles: readonly unknown[] = [
  undefined,
  pdf,
  {},
  { file_id: 'file-1' },
  { file_id: 'file-1', file_data: pdf },
  { file_data: pdf, file_url: 'https://example.com/a.pdf' },
  { file_data: pdf, filename: 7 },
  { file_data: 7 },
  { file_data: '' },
  { file_data: 'https://example.com/a.pdf' },
  { file_data: 'file-1' },
  { file_data: pdf.slice(pdf.indexOf(',') + 1) },
  { file_data: 'data:application/pdf;base64,' },
  { file_data: 'data:text/plain,Hello' },
  { file_data: 'data:text/plain;charset=utf-16;base64,SGVsbG8=' },
  { file_data: `${plain.slice(0, -2)}` },
  { file_data: `${plain.slice(0, -4)}*A==` },
  { file_data: plain.replace('SGVs', 'SG Vs') },
  { file_data: `${plain}#page=2` },
  { file_data: `data:${'x'.repeat(300)}/plain;base64,SGVsbG8=` },
  // Nothing but a PDF begins like one, and not anywhere.
  { file_data: dataUrl('application/pdf', 'Hello') },
  { file_data: dataUrl('application/pdf', prefixed(1_024)) },
  { file_data: dataUrl('application/pdf', wav) },
  { file_data: dataUrl('text/plain', wav) },
  { file_data: dataUrl('text/plain', Buffer.of(0xff, 0xfe, 0x41, 0x42)) },
  { file_data: dataUrl('text/plain', 'a\0b') },
  { file_data: dataUrl('text/plain', 'ab\u0001') },
  { file_data: dataUrl('audio/wav', wav) },
  { file_data: dataUrl('video/mp4', 'Hello') },
  { file_data: dataUrl('image/svg+xml', '<svg/>') },
  { file_data: dataUrl('application/octet-stream', '%PDF-1.7') },
];
for (const [index, file] of noFiles.entries()) {
  const shown = JSON.stringify(file)?.slice(0, 80);
  test(`what isn’t the bytes of a PDF or a text is refused: ${index} ${shown}`, (t) => {
    const fault = t.throws(() => inputOf(said(hello, filed(file))), { instanceOf: CallFault });
    t.like(fault, {
      ...{ code: 'unsupported_input', why: 'not_a_file' },
      param: 'messages[0].content[1]',
    });
  });
}

test('a file that is predicted stays refused', (t) => {
  const prediction = { type: 'content', content: [aText] };
  t.like(
    t.throws(() => inputOf({ ...said(hello), prediction })),
    { code: 'unsupported_input', why: 'unsupported_field', param: 'prediction.content' },
  );
});

test('a chat with files is bound by what its readers take at most, whoever reads it', async (t) => {
  for (const files of [[aPdf], [aText], [aPdf, aText, aPdf]]) {
    const input = inputOf(said(hello, ...files));
    for (const readers of [[gpt], [qwen], [gpt, qwen]]) {
      t.deepEqual(await inputBounds(readers, input, 0, 9_000), { input: 9_000, heard: 0 });
      t.deepEqual(await inputBounds(readers, input, 50, 9_000), { input: 9_050, heard: 0 });
    }
  }
});

test('without that it has no bound, and is refused by its first file', async (t) => {
  const fault = await t.throwsAsync(inputBounds([gpt], inputOf(said(hello, aPdf, aText)), 0));
  t.like(fault, {
    ...{ code: 'unsupported_input', why: 'files_unbounded' },
    param: 'messages[0].content[1]',
  });
});

test('a chat without files is bound by itself, and by what its readers take at most', async (t) => {
  const bare = inputOf(said(hello));
  const own = await mostInputBound([gpt], bare);
  t.deepEqual(await inputBounds([gpt], bare, 0), { input: own, heard: 0 });
  t.deepEqual(await inputBounds([gpt], bare, 0, own), { input: own, heard: 0 });
  // A byte each at most where no vocabulary is known, which is far above what there is.
  const long = inputOf(said({ type: 'text', text: ' word'.repeat(800) }));
  t.true((await mostInputBound([qwen], long)) > 4_000);
  t.deepEqual(await inputBounds([qwen], long, 0, 1_000), { input: 1_000, heard: 0 });
});

test('what text alone counts is held for, however little was said that readers take', async (t) => {
  for (const part of [hello, aPdf]) {
    const input = inputOf(said({ type: 'text', text: ' word'.repeat(800) }, part));
    const counted = await mostInputTokens([gpt], input);
    t.true(counted > 800);
    t.deepEqual(await inputBounds([gpt], input, 0, 100), { input: counted, heard: 0 });
  }
});

test('sounds beside files are apart, and no reader hears more than it takes', async (t) => {
  const input = inputOf(said(aPdf, aSound));
  const { heard } = await inputBounds([gpt], inputOf(said(aSound)), 0);
  t.deepEqual(await inputBounds([gpt], input, 0, 9_000), { input: 9_000, heard });
  t.deepEqual(await inputBounds([gpt], input, 0, 100), { input: 100, heard: 100 });
});

test('where nobody says a usage a text counts as its text, and a PDF as its name', async (t) => {
  const count = (...parts: readonly Json[]) => wholeInputTokens(gpt, inputOf(said(...parts)));
  const bare = await count(hello);
  t.is((await count(hello, aPdf)) - bare, 2);
  t.is((await count(hello, aText)) - bare, 2 + 800);
  t.is(await mostInputTokens([gpt], inputOf(said(hello, aPdf, aText))), bare + 4 + 800);
});

test('a chat in Anthropic’s words says its texts, and names its PDFs', (t) => {
  const cached = { cache_control: { type: 'ephemeral' } };
  const unnamed = filed({ file_data: pdf });
  const { messages } = plainRequest(
    said(
      { ...aPdf, ...cached },
      unnamed,
      { ...filed({ file_data: plain, filename: 'a.txt' }), ...cached },
      filed({ file_data: plain }),
    ),
    'gpt-4o',
  );
  t.deepEqual(messages, [
    {
      role: 'user',
      content: [
        aPdf,
        filed({ file_data: pdf, filename: 'document.pdf' }),
        { type: 'text', text: 'a.txt\n\nHello' },
        { type: 'text', text: 'Hello' },
      ],
    },
  ]);
});
