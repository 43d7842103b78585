import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

test('a port that is taken ends the start with one plain line', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  const dataDir = await newDataDir();
  t.teardown(async () => {
    other.close();
    await removeDataDir(dataDir);
  });

  const error = await t.throwsAsync(startProgram(dataDir, { PORT: String(port) }));

  t.regex(error.message, new RegExp(`Port ${port} on 127.0.0.1 can’t be used; set PORT`));
  t.notRegex(error.message, /^ {4}at /m);
});
