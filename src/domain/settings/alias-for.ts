import type { OperatorSettings } from './events.ts';

/**
 * The alias that answers a call for this name: itself where there is one, else what the operator has
 * said of calls without a name, or with an unknown one. Undefined: nothing answers.
 */
export function aliasFor(
  name: string | undefined,
  { defaultAlias, unknownAlias }: Pick<OperatorSettings, 'defaultAlias' | 'unknownAlias'>,
  isKnown: (alias: string) => boolean,
): string | undefined {
  if (name !== undefined && isKnown(name)) return name;
  const instead = name === undefined ? defaultAlias : unknownAlias;
  return instead !== null && isKnown(instead) ? instead : undefined;
}
