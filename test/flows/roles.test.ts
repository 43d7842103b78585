import test from 'ava';
import { jsonRequest } from '../support/json-request.ts';
import { startProgram, untilReady } from '../support/program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a process without the role api says how it is, and answers nothing else', async (t) => {
  const program = await startProgram(await temporaryFolder(t), { ROLES: 'engines,projector' });
  t.teardown(program.kill);
  const get = async (path: string, method = 'GET') => {
    const answer = await jsonRequest(`${program.url}${path}`, { method });
    return { status: answer.status, text: await answer.text() };
  };
  t.deepEqual(await get('/healthz'), { status: 200, text: '{"status":"ok"}' });
  await untilReady(program.url);
  const { text: metrics } = await get('/metrics');
  t.regex(metrics, /^feed_failing\{consumer="projections"\} 0$/m);
  // Nobody may take it for a place where calls are taken.
  t.notRegex(metrics, /calls_accepted/);
  for (const [path, method] of [
    ['/api/signin', 'POST'],
    ['/openapi.json', 'GET'],
  ] as const) {
    const { status, text } = await get(path, method);
    t.is(status, 404, path);
    t.like(JSON.parse(text), { code: 'not_found', status: 404 });
  }
  const call = await get('/v1/chat/completions', 'POST');
  t.is(call.status, 404);
  t.like(JSON.parse(call.text), { error: { code: 'not_found' } });
  t.is((await get('/healthz', 'POST')).status, 405);
  t.is(await program.stop(), 0);
});
