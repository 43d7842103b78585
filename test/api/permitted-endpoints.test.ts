import test from 'ava';
import { z } from 'zod';
import { permittedEndpoints } from '../../src/api/permitted-endpoints.ts';
import { ask, testApi } from '../support/api.ts';

const api = testApi(test);
const Described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
/** It goes with `/v1/messages`. */
const counting = '/v1/messages/count_tokens';

test('plans and keys list whatever asks a model, and nothing else', async (t) => {
  const { paths } = Described.parse((await ask(api(), 'GET', '/openapi.json')).body);
  const asking = Object.keys(paths).filter(
    (path) => path.startsWith('/v1/') && 'post' in (paths[path] ?? {}) && path !== counting,
  );
  t.deepEqual([...permittedEndpoints], asking.toSorted());
});
