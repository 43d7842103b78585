import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isLinkLocal } from '../../domain/upstream/base-url.ts';

/** What a request's path and query are made of. */
export interface Address {
  /** The base URL's path, without a slash at its end. */
  readonly base: string;
  /** The base URL's query with its `?`, or nothing. */
  readonly search: string;
  /** The protocol's, behind the base. */
  readonly path: string;
  /** Empty where none is asked. */
  readonly model: string;
}

/** Where most servers have it. */
export const addressOf = ({ base, search, path }: Address): string => `${base}${path}${search}`;

/** Whose api-version a base URL doesn't say; the oldest generally available one knows all we send. */
const usualAzureVersion = '2024-10-21';

/**
 * Azure's two ways: a deployment in the path and an `api-version` in the query, or, where the base
 * URL says `/openai/v1`, OpenAI's own, with the deployment as the model.
 */
export function azureAddressOf(address: Address): string {
  const { base, search, path, model } = address;
  if (/\/openai\/v1$/.test(base)) return addressOf(address);
  const root = base.endsWith('/openai') ? base : `${base}/openai`;
  const query = new URLSearchParams(search);
  if (!query.has('api-version')) query.set('api-version', usualAzureVersion);
  const deployment = model === '' ? '' : `/deployments/${encodeURIComponent(model)}`;
  return `${root}${deployment}${path}?${query}`;
}

/** A name may lead anywhere, today here and tomorrow there: what counts is the address it has now. */
export const guardedLookup: LookupFunction = (hostname, options, done) => {
  // The callback has as many forms as there are options; `all` has one.
  const every: LookupOptions & { all: true } = { ...options, all: true };
  lookup(hostname, every, (error, addresses: LookupAddress[]) => {
    const [first] = addresses ?? [];
    if (error || !first) return done(error ?? notFound(hostname), '');
    if (addresses.some(({ address }) => isLinkLocal(address))) return done(refused(hostname), '');
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};

const refused = (hostname: string) =>
  Object.assign(new Error(`${hostname} leads to a link-local address.`), { code: 'EACCES' });
const notFound = (hostname: string) =>
  Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND' });
