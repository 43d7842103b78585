import type { ProviderOptions } from './http-upstream.ts';
import type { KeyPoolParts } from './key-pool.ts';
import { keyPool } from './key-pool.ts';
import type { LiveUpstreamParts } from './live-upstreams.ts';
import { upstreamKinds } from './upstream-kinds.ts';

export type OpenerParts = KeyPoolParts & Pick<ProviderOptions, 'timeouts' | 'allowsLinkLocal'>;

/** Opens an upstream as its kind is: without a key, with one, or with several that share its calls. */
export const upstreamOpener =
  ({ timeouts, allowsLinkLocal = false, ...forPool }: OpenerParts): LiveUpstreamParts['open'] =>
  ({ id, kind, baseUrl, keys }) => {
    const lineWith = (apiKey: string) =>
      upstreamKinds[kind].open({ id, baseUrl, apiKey, timeouts, allowsLinkLocal });
    const lines = keys.map(({ keyId, apiKey }) => ({ keyId, line: lineWith(apiKey) }));
    const [first, ...more] = lines;
    if (!first) return lineWith('');
    return more.length === 0 ? first.line : keyPool(id, [first, ...more], forPool);
  };
