import test from 'ava';
import { banner } from '../src/banner.ts';

const url = 'http://127.0.0.1:8080';

test('a new installation is told its set-up link, and the same as a command to paste', (t) => {
  const text = banner(url, { kind: 'open', path: '/setup?code=a-code' }, undefined);
  t.true(text.includes(`ready at ${url}\n`));
  t.true(text.includes(`${url}/setup?code=a-code\n`));
  t.true(text.includes(`curl ${url}/api/setup`));
  t.true(text.includes('"code": "a-code"'));
});

test('an administrator from the environment is named', (t) => {
  t.regex(banner(url, { kind: 'appointed' }, 'ann@example.com'), /ann@example\.com is the admin/);
});

test('every start has a call to paste', (t) => {
  const text = banner(url, { kind: 'set_up_before' }, undefined);
  t.true(text.includes(`curl ${url}/v1/chat/completions`));
  t.false(text.includes('/setup'));
});
