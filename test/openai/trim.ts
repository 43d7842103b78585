import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * `node test/openai/trim.ts <openapi.json>`: makes `openapi-trimmed.json` of OpenAI's published API
 * description: the schemas named here and all that they refer to, without prose. One line a schema.
 */
const roots = [
  ...['CreateChatCompletionRequest', 'CreateChatCompletionResponse'],
  'CreateChatCompletionStreamResponse',
  ...['CreateCompletionRequest', 'CreateCompletionResponse'],
  ...[
    'CreateResponse',
    'Response',
    'ResponseStreamEvent',
    'ResponseItemList',
    'DeleteModelResponse',
  ],
  ...['CreateEmbeddingRequest', 'CreateEmbeddingResponse'],
  ...['CreateModerationRequest', 'CreateModerationResponse'],
  ...['CreateImageRequest', 'CreateImageEditRequest', 'EditImageBodyJsonParam', 'ImagesResponse'],
  ...['ImageGenStreamEvent', 'ImageEditStreamEvent'],
  ...['CreateSpeechRequest', 'CreateSpeechResponseStreamEvent'],
  ...['CreateTranscriptionRequest', 'CreateTranscriptionResponseJson'],
  ...['CreateTranscriptionResponseVerboseJson', 'CreateTranscriptionResponseDiarizedJson'],
  'CreateTranscriptionResponseStreamEvent',
  ...['CreateTranslationRequest', 'CreateTranslationResponseJson'],
  'CreateTranslationResponseVerboseJson',
  ...['ListModelsResponse', 'Model', 'ErrorResponse'],
];

const Description = z.object({
  info: z.object({ title: z.string(), version: z.string() }),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

/** They say nothing about what is valid. */
const prose = new Set(['description', 'title', 'example', 'examples', 'deprecated', 'default']);
/** What stands in them is named by the API, whatever it is called. */
const named = new Set(['properties', 'patternProperties', 'mapping']);

/** A schema without its prose. */
function bare(schema: unknown, isNamed = false): unknown {
  if (Array.isArray(schema)) return schema.map((each) => bare(each));
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key]) => isNamed || !(prose.has(key) || key.startsWith('x-')),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => [key, bare(value, !isNamed && named.has(key))]),
  );
}

const referred = (schema: unknown): readonly string[] =>
  [...JSON.stringify(schema).matchAll(/#\/components\/schemas\/([^"]+)/g)].map(
    ([, name = '']) => name,
  );

function main(path: string, target: URL): void {
  const { info, components } = Description.parse(JSON.parse(readFileSync(path, 'utf8')));
  const kept = new Map<string, unknown>();
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (kept.has(name)) continue;
    const schema = components.schemas[name];
    if (schema === undefined) throw new Error(`The description has no ${name}.`);
    kept.set(name, bare(schema));
    open.push(...referred(kept.get(name)));
  }
  const lines = [...kept]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  const text = `{\n"info": ${JSON.stringify(info)},\n"components": {"schemas": {\n${lines.join(',\n')}\n}}}\n`;
  writeFileSync(target, text);
}

main(process.argv[2] ?? '', new URL('openapi-trimmed.json', import.meta.url));
