import type { Catalogue } from './plan-call.ts';

export type SaysDefaults = Pick<Catalogue, 'aliasOf' | 'clientAppOf'>;

/** What a call is for that names no scenario, nor has a key that does: its alias says it, else its client app. */
export function defaultScenario(
  { aliasOf, clientAppOf }: SaysDefaults,
  { alias, clientApp }: { readonly alias: string; readonly clientApp?: string | undefined },
): string | undefined {
  const ofAlias = aliasOf?.(alias).scenario;
  const ofApp = clientApp === undefined ? undefined : clientAppOf?.(clientApp).scenario;
  return ofAlias ?? ofApp ?? undefined;
}
