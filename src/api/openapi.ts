import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { Scenario } from '../domain/permits.ts';
import type { Who } from './caller.ts';
import { AnthropicError, OpenAiError, Problem } from './error-schemas.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const security: Readonly<Record<Who, readonly Json[]>> = {
  anyone: [],
  session: [{ session: [] }],
  key: [{ api_key: [] }],
  session_or_key: [{ session: [] }, { api_key: [] }],
  admin: [{ session: ['admin'] }],
};

/** Anthropic's clients send their key in a header of its own. */
const securityOf = ({ who, path }: Route): readonly Json[] =>
  path.startsWith('/v1/messages') ? [...security[who], { x_api_key: [] }] : security[who];

/** The OpenAPI 3.1 description of a table of routes. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)\*?/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'LLM Member', version },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        api_key: { type: 'http', scheme: 'bearer', bearerFormat: 'sk-…' },
        x_api_key: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
      schemas: {
        Problem: schemaOf(Problem, 'output'),
        OpenAiError: schemaOf(OpenAiError, 'output'),
        AnthropicError: schemaOf(AnthropicError, 'output'),
      },
    },
  };
}

const mediaTypes: Readonly<Record<Route['accepts'], string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
};

function operation(route: Route): Json {
  const { summary, schemas, accepts } = route;
  const type = mediaTypes[accepts];
  const body = schemas.body && {
    required: true,
    content: { [type]: { schema: schemaOf(schemas.body, 'input') } },
  };
  return {
    operationId: operationId(route),
    summary,
    security: securityOf(route),
    parameters: parameters(route),
    ...(body ? { requestBody: body } : {}),
    responses: responses(route),
  };
}

const operationId = ({ method, path }: Route): string =>
  [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/).filter(Boolean)].join('_');

/** What a call may say beside its question. */
function wishes(): readonly Json[] {
  const flags = ['x-include-cost', 'x-transparent'].map((name) => ({
    ...{ name, in: 'header', required: false },
    schema: { type: 'string', enum: ['true', 'false'] },
  }));
  const schema = schemaOf(Scenario, 'input');
  return [{ name: 'x-scenario', in: 'header', required: false, schema }, ...flags];
}

function parameters({ method, path, schemas, idempotent }: Route): readonly Json[] {
  const header = {
    name: 'Idempotency-Key',
    in: 'header',
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  };
  return [
    ...fields(schemas.params, 'path'),
    ...fields(schemas.query, 'query'),
    ...(idempotent ? [header] : []),
    ...(method === 'POST' && path.startsWith('/v1/') ? wishes() : []),
  ];
}

const ObjectSchema = z.object({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function fields(schema: z.ZodType | undefined, place: 'path' | 'query'): readonly Json[] {
  if (!schema) return [];
  const { properties, required } = ObjectSchema.parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function responses({ status, produces, schemas, path }: Route): Json {
  const description = STATUS_CODES[status] ?? 'Done';
  const content = { [produces]: { schema: schemaOf(schemas.reply, 'output') } };
  const openAi = path.startsWith('/v1/');
  const name = errorNameOf(path);
  return {
    [status]: status === 204 ? { description } : { description, content },
    default: {
      description: 'Refused or failed',
      content: {
        [openAi ? 'application/json' : 'application/problem+json']: {
          schema: { $ref: `#/components/schemas/${name}` },
        },
      },
    },
  };
}

function errorNameOf(path: string): string {
  if (path.startsWith('/v1/messages')) return 'AnthropicError';
  return path.startsWith('/v1/') ? 'OpenAiError' : 'Problem';
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _,
    '~standard': __,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
