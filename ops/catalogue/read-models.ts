import type { Projection } from '../../src/projections/projection.ts';
import { projections } from '../../src/projections/registry.ts';
import { schemaOf, sqlTypeOf } from '../../src/projections/table.ts';
import { vocabulary } from '../../src/projections/vocabulary.ts';
import { code, page, table } from './markdown.ts';

/** Every table that may be queried, and what its rows and columns say. */
export const readModelsPage = (): string =>
  page('Read models', [
    'Tables that the events are folded into; any of them can be made anew from the log. Read them in the schema `read`, whose views show the version that is in use.\nA row is merged from several events: `sum` adds up and starts at 0, `latest` and `first` keep the newest and the oldest value that is not null.\n[events.md](events.md) says what the events mean.',
    table(
      ['read model', 'version', 'group', 'meaning'],
      projections.map(({ name, version, group, meaning }) => [
        `[${name}](#${name})`,
        String(version),
        group,
        meaning,
      ]),
    ),
    ...projections.flatMap((projection) => [
      `## ${projection.name}`,
      projection.meaning,
      placeOf(projection),
      table(['column', 'type', 'merge', 'meaning'], columnsOf(projection)),
    ]),
  ]);

const placeOf = (projection: Projection): string => {
  const { name, version, key, keepWhile, fedBy } = projection;
  const grain = Object.keys(key).map(code).join(', ');
  return [
    `- Version ${version}: ${code(`read.${name}`)}, in the schema ${code(schemaOf(projection))} unless it was rebuilt`,
    `- Grain: ${grain}${keepWhile ? `; a row is deleted when ${code(keepWhile)} is false` : ''}`,
    `- Fed by: ${typeof fedBy === 'string' ? fedBy : fedBy.map(linked).join(', ')}`,
  ].join('\n');
};

const linked = (type: string): string => `[${type}](events.md#${type.toLowerCase()})`;

const columnsOf = (projection: Projection): readonly (readonly string[])[] => [
  ...Object.entries(projection.key).map(([name, type]) => [
    code(name),
    type,
    'key',
    meaningIn(projection, name) ?? '',
  ]),
  ...Object.entries(projection.columns).map(([name, column]) => [
    code(name),
    sqlTypeOf(column),
    column.merge,
    meaningIn(projection, name) ?? '',
  ]),
];

const meaningIn = ({ columns }: Projection, name: string): string | undefined =>
  columns[name]?.meaning ?? vocabulary[name];

/** Tables and columns of which nothing says what they mean. */
export const readModelsWithoutMeaning = (all = projections): readonly string[] =>
  all.flatMap((projection) => {
    const { name, meaning, key, columns } = projection;
    const silent = [...Object.keys(key), ...Object.keys(columns)].filter(
      (column) => !meaningIn(projection, column),
    );
    return [...(meaning ? [] : [name]), ...silent.map((column) => `${name}.${column}`)];
  });
