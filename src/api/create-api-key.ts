import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { KeyPermits } from '../domain/api-key/events.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { apiKeys } from '../projections/api-keys.ts';
import { hashOfKeyText } from './auth.ts';
import type { Caller } from './caller.ts';
import type { React } from './command-context.ts';
import { commandContext } from './command-context.ts';
import { shownPermits, WrittenPermits } from './key-permits.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';
import { ShownName } from './shown-name.ts';

export interface IssueKeyParts {
  readonly run: RunnerOf<typeof member>['run'];
  readonly react: React;
  /** How many keys of a member may be good at once. */
  readonly most: () => number;
  readonly clock: () => Date;
}

export interface IssuedKey {
  readonly id: string;
  /** The only time it is ever seen: what is kept is its hash. */
  readonly key: string;
  readonly prefix: string;
  readonly permits: KeyPermits;
  readonly createdAt: string;
  readonly position: bigint | null;
}

/** Makes a key for a member, whose own stream says whether there may be one more; a policy claims it. */
export type IssueKey = (
  wanted: {
    readonly memberId: string;
    readonly walletId: string;
    readonly name: string;
    readonly permits?: Partial<KeyPermits>;
  },
  by: { readonly caller: Caller; readonly request: Pick<RequestFacts, 'id'> },
) => Promise<IssuedKey>;

export const keyIssuer =
  ({ run, react, most, clock }: IssueKeyParts): IssueKey =>
  async ({ memberId, permits: permitted, ...wanted }, by) => {
    const id = randomUUID();
    const key = `sk-${randomBytes(32).toString('base64url')}`;
    const prefix = key.slice(0, 10);
    const hash = hashOfKeyText(key);
    const permits = KeyPermits.parse({ ...shownPermits(null), ...permitted });
    const made = { ...wanted, hash, keyId: id, prefix, permits };
    const context = commandContext(by, clock, 'issue-api-key');
    const issued = await run(
      streamOf.member(memberId),
      (at) => ({ type: 'IssueApiKey', ...made, most: most(), at }),
      context,
    );
    const createdAt = issued.events[0]?.meta.recordedAt ?? context.at;
    return { id, key, prefix, permits, createdAt, position: await react(issued) };
  };

export const createApiKey = (issue: IssueKey, reads: Reads) =>
  route({
    method: 'POST',
    path: '/api/api-keys',
    who: 'session',
    summary: 'Make an API key; it is shown this once',
    body: z.strictObject({ name: ShownName, ...WrittenPermits.shape }),
    status: 201,
    reply: z.object({
      id: Uuid,
      name: z.string(),
      key: z.string(),
      prefix: z.string(),
      ...KeyPermits.shape,
      created_at: Instant,
    }),
    handle: async ({ caller, body: { name, ...permits }, request }) => {
      const { memberId, walletId } = caller;
      const issued = await issue({ memberId, walletId, name, permits }, { caller, request });
      await readable(reads, [apiKeys], issued.position);
      const { id, key, prefix, createdAt, position } = issued;
      return {
        body: { id, name, key, prefix, ...issued.permits, created_at: createdAt },
        position,
      };
    },
  });
