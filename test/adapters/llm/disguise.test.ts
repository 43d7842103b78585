import test from 'ava';
import { disguise } from '../../../src/adapters/llm/disguise.ts';
import { mismatches } from '../../openai/schemas.ts';

const mask = { id: null, alias: 'whisper', isNamed: false };

/** What is left of an answer, as it is written. */
const seen = (answer: Record<string, unknown>) => {
  disguise(answer, mask);
  return JSON.parse(JSON.stringify(answer));
};

const part = { type: 'transcript.text.segment', start: 0, end: 1.5, text: ' Hello.', speaker: 'A' };

test('parts of what was heard keep what they are, and lose who heard it', (t) => {
  const verbose = {
    ...{ language: 'english', duration: 1.5, text: ' Hello.' },
    segments: [
      {
        ...{ id: 0, seek: 0, start: 0, end: 1.5, text: ' Hello.', tokens: [50_364, 2425] },
        ...{ temperature: 0, avg_logprob: -0.3, compression_ratio: 0.9, no_speech_prob: 0.01 },
      },
    ],
    words: [{ word: 'Hello', start: 0, end: 1.5 }],
    usage: { type: 'duration', seconds: 2 },
  };
  t.deepEqual(mismatches('CreateTranscriptionResponseVerboseJson', verbose), []);
  t.deepEqual(seen(structuredClone(verbose)), verbose);
  const told = structuredClone(verbose);
  Object.assign(told.segments[0] ?? {}, { by: 'Acme Holdings', routed: [{ to: 'acme-1' }] });
  Object.assign(told.words[0] ?? {}, { model: 'acme-large' });
  t.deepEqual(seen(told), verbose);
});

test('who speaks is said with each part, whole and in a stream', (t) => {
  const whole = {
    ...{ task: 'transcribe', duration: 1.5, text: ' Hello.' },
    segments: [{ ...part, id: 'seg_001' }],
  };
  t.deepEqual(mismatches('CreateTranscriptionResponseDiarizedJson', whole), []);
  t.deepEqual(seen(structuredClone(whole)), whole);
  const event = { ...part, id: 'seg_001' };
  t.deepEqual(mismatches('TranscriptTextSegmentEvent', event), []);
  t.deepEqual(seen({ ...event }), event);
});

test('an id that may be a name is another one, the same for the same', (t) => {
  const named = () => seen({ ...part, id: 'acme-large/1' });
  t.deepEqual(mismatches('TranscriptTextSegmentEvent', named()), []);
  t.notRegex(JSON.stringify(named()), /acme/);
  t.deepEqual(named(), named());
  t.is(seen({ segments: [{ ...part, id: 'acme-large/1' }] }).segments[0].id, named().id);
  t.is(seen({ type: 'transcript.text.delta', id: 'acme-large/1', delta: 'Hello' }).id, undefined);
});

test('a call of a tool keeps its signature, and not whose it is', (t) => {
  const saying = (call: object) => seen({ choices: [{ delta: { tool_calls: [call] } }] });
  const called = {
    index: 0,
    id: 'call_1',
    type: 'function',
    function: { name: 'f', arguments: '' },
  };
  const kept = { ...called, extra_content: { thought_signature: 'Zm9v' } };
  const google = { thought_signature: 'Zm9v' };
  for (const extra of [google, { google }, { google, by: 'Acme' }]) {
    const chunk = saying({ ...called, extra_content: extra });
    t.deepEqual(chunk.choices, [{ delta: { tool_calls: [kept] } }]);
  }
  for (const extra of [{ by: 'Acme' }, { google: { by: 'Acme' } }, 'Acme', null, [google]]) {
    const chunk = saying({ ...called, extra_content: extra, by: 'Acme' });
    t.deepEqual(chunk.choices, [{ delta: { tool_calls: [called] } }]);
  }
});

test('what goes on with a call or a sound has no id where it had none, or an empty one', (t) => {
  // Qwen's way; clients join what they are told, so that any other one would spoil the first.
  for (const id of [{ id: '' }, {}]) {
    const call = { index: 0, ...id, type: 'function', function: { arguments: '{}' } };
    const delta = { tool_calls: [call], audio: { ...id, data: 'AAAA' } };
    t.deepEqual(seen({ choices: [{ delta: structuredClone(delta) }] }).choices, [{ delta }]);
  }
});

test('logprobs say tokens and how likely they were, and nothing else', (t) => {
  const token = { token: 'Hi', bytes: [72, 105], logprob: -0.1 };
  const logprobs = {
    content: [{ ...token, top_logprobs: [token] }],
    ...{ reasoning_content: [{ ...token, top_logprobs: [] }], refusal: null },
  };
  const told = {
    content: [{ ...token, top_logprobs: [{ ...token, by: 'Acme' }], by: 'Acme' }],
    reasoning_content: [{ ...token, top_logprobs: [], by: 'Acme' }],
    ...{ refusal: null, by: 'Acme' },
  };
  t.deepEqual(seen({ choices: [{ logprobs: told }] }).choices, [{ logprobs }]);
  const legacy = {
    ...{ tokens: ['Hi'], token_logprobs: [-0.1], top_logprobs: [{ Hi: -0.1 }], text_offset: [0] },
  };
  t.deepEqual(seen({ choices: [{ logprobs: { ...legacy } }] }).choices, [{ logprobs: legacy }]);
});
