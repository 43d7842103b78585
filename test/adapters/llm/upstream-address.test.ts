import { promisify } from 'node:util';
import test from 'ava';
import { azureAddressOf, guardedLookup } from '../../../src/adapters/llm/upstream-address.ts';

for (const [base, search, address] of [
  ['', '', '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
  ['/openai', '', '/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21'],
  ['', '?api-version=x', '/openai/deployments/gpt-4o/chat/completions?api-version=x'],
  ['/openai/v1', '', '/openai/v1/chat/completions'],
  ['/openai/v1', '?api-version=preview', '/openai/v1/chat/completions?api-version=preview'],
] as const) {
  test(`a deployment behind ${base}${search || ' alone'} is at ${address}`, (t) => {
    t.is(azureAddressOf({ base, search, path: '/chat/completions', model: 'gpt-4o' }), address);
  });
}

test('a deployment’s name is one part of a path', (t) => {
  const address = azureAddressOf({ base: '', search: '', path: '/x', model: '../a b?c' });
  t.regex(address, /^\/openai\/deployments\/\.\.%2Fa%20b%3Fc\/x\?/);
});

const lookedUp = promisify(guardedLookup);

test('a name that leads to a link-local address is nobody’s', async (t) => {
  await t.notThrowsAsync(lookedUp('127.0.0.1', {}));
  await t.notThrowsAsync(lookedUp('localhost', { all: true }));
  await t.throwsAsync(lookedUp('169.254.169.254', {}), { code: 'EACCES' });
  await t.throwsAsync(lookedUp('169.254.169.254', { all: true }), { code: 'EACCES' });
});
