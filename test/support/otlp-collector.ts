import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { z } from 'zod';
import { serving } from './serving.ts';

const Attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) });
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(Attribute),
  links: z.array(z.object({ traceId: z.string() })).default([]),
});
export type CollectedSpan = z.infer<typeof Span>;

const Export = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
});

/** A collector that takes OTLP in JSON over HTTP and keeps all it got. */
export async function otlpCollector(t: ExecutionContext) {
  const bodies: unknown[] = [];
  const paths = new Set<string>();
  const server = createServer((request, response) => {
    paths.add(`${request.headers['x-tenant']} ${request.url}`);
    void json(request).then((body) => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  const served = await serving(server);
  t.teardown(served.close);
  return {
    ...served,
    /** Each tenant and path that was written to. */
    paths: (): readonly string[] => [...paths],
    text: (): string => JSON.stringify(bodies),
    spans: (): readonly CollectedSpan[] =>
      bodies.flatMap((body) =>
        Export.parse(body).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        ),
      ),
  };
}

/** An attribute of a span as text. */
export const attributeOf = ({ attributes }: CollectedSpan, name: string): string | undefined => {
  const [value] = Object.values(attributes.find(({ key }) => key === name)?.value ?? {});
  return value === undefined ? undefined : String(value);
};
