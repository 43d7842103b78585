import { z } from 'zod';
import type { EventTable } from '../../src/domain/event-table.ts';
import { currentVersionOf, eventsOfStream, isEventType } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { Field } from './fields-of.ts';
import { fieldsOf, meaningOf } from './fields-of.ts';
import { code, page, table } from './markdown.ts';
import { sharedOf, sharedTypes } from './shared-types.ts';

interface Kind {
  readonly stream: string;
  readonly events: readonly (readonly [type: string, schema: z.ZodType])[];
}

const kinds = Object.entries<EventTable>(eventsOfStream).map(
  ([kind, events]): Kind => ({ stream: streamNamed(kind), events: Object.entries(events) }),
);

/** `wallet-…@n`: how streams of this kind are called. */
function streamNamed(kind: string): string {
  const name = Object.entries(streamOf).find(([each]) => each === kind)?.[1];
  return name?.('…').replace(/@0$/, '@n') ?? kind;
}

/** Every type, by stream, and what its data says. */
export const eventsPage = (): string =>
  page('Events', [
    'What the log keeps, by the kind of stream that an event stands in. Every event also has the metadata of [Envelope](#envelope); `v` there is its version.\nAmounts are text. A field that is optional or has a default is missing from events that were written before it was there.',
    table(
      ['event', 'version', 'stream', 'meaning'],
      kinds.flatMap(({ stream, events }) =>
        events.map(([type, schema]) => [
          `[${type}](#${type.toLowerCase()})`,
          versionOf(type),
          code(stream),
          meaningOf(schema) ?? '',
        ]),
      ),
    ),
    ...kinds.flatMap(({ stream, events }) => [
      `## ${code(stream)}`,
      ...events.flatMap(([type, schema]) => [
        `### ${type}`,
        `Version ${versionOf(type)}. ${meaningOf(schema) ?? ''}`,
        ...fieldTable(schema),
      ]),
    ]),
    '## Shared types',
    ...Object.entries(sharedTypes).flatMap(([name, schema]) => [
      `### ${name}`,
      described(schema),
      ...fieldTable(schema),
    ]),
  ]);

const versionOf = (type: string): string =>
  isEventType(type) ? String(currentVersionOf(type)) : '';

function described(schema: z.ZodType): string {
  const meaning = sharedOf(schema)?.meaning ?? '';
  const values =
    schema instanceof z.ZodEnum ? schema.options.map((each) => code(String(each))) : [];
  const sentence = `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`;
  return values.length === 0 ? sentence : `${sentence} Values: ${values.join(', ')}.`;
}

function fieldTable(schema: z.ZodType): readonly string[] {
  const fields = fieldsOf(schema, sharedOf);
  if (fields.length === 0) return [];
  const rows = fields.map((field) => [
    code(field.path),
    `${linked(field.type)}${field.nullable ? ' or null' : ''}`,
    presenceOf(field),
    field.meaning ?? '',
  ]);
  return [table(['field', 'type', 'presence', 'meaning'], rows)];
}

const linked = (type: string): string =>
  type.replaceAll(/\b[A-Z]\w+\b/g, (name) =>
    Object.hasOwn(sharedTypes, name) ? `[${name}](#${name.toLowerCase()})` : name,
  );

const presenceOf = ({ presence }: Field): string =>
  typeof presence === 'string' ? presence : `default ${code(JSON.stringify(presence.default))}`;

/** Types of events, and types that they share, of which nothing says what they mean. */
export const eventsWithoutMeaning = (): readonly string[] => [
  ...kinds
    .flatMap(({ events }) => events)
    .filter(([, schema]) => !meaningOf(schema))
    .map(([type]) => type),
  ...Object.entries(sharedTypes)
    .filter(([, schema]) => !sharedOf(schema)?.meaning)
    .map(([name]) => name),
];
