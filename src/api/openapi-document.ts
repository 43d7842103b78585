import { z } from 'zod';
import { openApi } from './openapi.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

/** This description itself; made at the first request. */
export function openApiDocument(routes: () => readonly Route[], version: string) {
  let document: Readonly<Record<string, unknown>> | undefined;
  return route({
    method: 'GET',
    path: '/openapi.json',
    who: 'anyone',
    summary: 'Every endpoint, as OpenAPI 3.1',
    reply: z.record(z.string(), z.unknown()),
    handle: () => {
      document ??= openApi(routes(), version);
      return { body: document, headers: { 'access-control-allow-origin': '*' } };
    },
  });
}
