import type { z } from 'zod';
import { UpstreamKind } from './domain/upstream/events.ts';

/** A provider endpoint that the environment names. */
export interface ProviderConfig {
  /** The lower-case prefix of its variables; what routes call it. */
  readonly id: string;
  readonly kind: UpstreamKind;
  /** Empty: it wants none. */
  readonly apiKey: string;
  /** Undefined: where such a provider usually is. */
  readonly baseUrl: string | undefined;
}

type Variable = `${Uppercase<UpstreamKind>}_${'API_KEY' | 'BASE_URL'}`;
type Given = Readonly<Partial<Record<Variable, string | undefined>>>;

const prefixOf = (kind: UpstreamKind) => kind.toUpperCase() as Uppercase<UpstreamKind>;

/** `<PROVIDER>_API_KEY` and `<PROVIDER>_BASE_URL` of every kind there is, as the environment may have them. */
export function providerVariables<Key extends z.ZodType, Url extends z.ZodType>(
  key: Key,
  url: Url,
) {
  const pairs = UpstreamKind.options.flatMap((kind) => [
    [`${prefixOf(kind)}_API_KEY`, key],
    [`${prefixOf(kind)}_BASE_URL`, url],
  ]);
  // Names that are made from a list are no part of its type.
  return Object.fromEntries(pairs) as Record<Variable, Key | Url>;
}

/** These are wherever somebody runs one. */
const withoutUsualPlace: ReadonlySet<UpstreamKind> = new Set(['openai_like', 'azure']);

/** The providers that there is enough of: a key and a place. */
export const providersIn = (environment: Given): readonly ProviderConfig[] =>
  UpstreamKind.options.flatMap((kind) => {
    const apiKey = environment[`${prefixOf(kind)}_API_KEY`] ?? '';
    const baseUrl = environment[`${prefixOf(kind)}_BASE_URL`]?.replace(/\/+$/, '');
    const hasPlace = baseUrl !== undefined || !withoutUsualPlace.has(kind);
    const hasKey = apiKey !== '' || kind === 'openai_like';
    return hasPlace && hasKey ? [{ id: kind, kind, apiKey, baseUrl }] : [];
  });
