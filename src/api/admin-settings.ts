import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { settings } from '../domain/settings/decider.ts';
import { mostApiKeys, OperatorSettings } from '../domain/settings/events.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { route } from './route.ts';

const { defaultAlias, unknownAlias, plansUrl, accountUrl, apiKeysPerMember } =
  OperatorSettings.shape;
const keysPerMember = apiKeysPerMember.unwrap();
const Written = z.strictObject({
  default_alias: defaultAlias.exactOptional(),
  unknown_alias: unknownAlias.exactOptional(),
  plans_url: plansUrl.exactOptional(),
  account_url: accountUrl.exactOptional(),
  api_keys_per_member: keysPerMember.exactOptional(),
});
const Shown = z.object({
  default_alias: defaultAlias,
  unknown_alias: unknownAlias,
  plans_url: plansUrl,
  account_url: accountUrl,
  api_keys_per_member: keysPerMember,
});

export interface SettingsParts {
  readonly settings: RunnerOf<typeof settings>;
  /** What may be named as an alias. */
  readonly aliases: () => readonly string[];
  readonly clock: () => Date;
}

/** Decides for the whole installation, from the next request on; what is left out stays as it is. */
export const putSettings = ({ settings: { run }, aliases, clock }: SettingsParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/settings',
    who: 'admin',
    summary:
      'Set which alias answers calls without a model or with an unknown one, links, and how many keys a member may have',
    body: Written,
    reply: Shown,
    handle: async ({ caller, body, request }) => {
      for (const param of ['default_alias', 'unknown_alias'] as const) {
        const alias = body[param] ?? null;
        if (alias !== null && !aliases().includes(alias)) {
          throw new ApiError('model_not_found', { param, values: { model: alias } });
        }
      }
      const { state, position } = await run(
        streamOf.settings(),
        () => ({ type: 'ChangeSettings', changes: changesIn(body) }),
        commandContext({ caller, request }, clock, 'change-settings'),
      );
      return { body: shown(state.terms), position };
    },
  });

export const getSettings = ({ settings: { load } }: Pick<SettingsParts, 'settings'>) =>
  route({
    method: 'GET',
    path: '/api/admin/settings',
    who: 'admin',
    summary: 'What the operator has decided for the whole installation',
    reply: Shown,
    handle: async () => ({ body: shown((await load(streamOf.settings())).state.terms) }),
  });

function changesIn(body: z.output<typeof Written>): Partial<OperatorSettings> {
  const { default_alias, unknown_alias, plans_url, account_url, api_keys_per_member } = body;
  return {
    ...(default_alias === undefined ? {} : { defaultAlias: default_alias }),
    ...(unknown_alias === undefined ? {} : { unknownAlias: unknown_alias }),
    ...(plans_url === undefined ? {} : { plansUrl: plans_url }),
    ...(account_url === undefined ? {} : { accountUrl: account_url }),
    ...(api_keys_per_member === undefined ? {} : { apiKeysPerMember: api_keys_per_member }),
  };
}

const shown = (terms: OperatorSettings): z.output<typeof Shown> => ({
  default_alias: terms.defaultAlias,
  unknown_alias: terms.unknownAlias,
  plans_url: terms.plansUrl,
  account_url: terms.accountUrl,
  api_keys_per_member: mostApiKeys(terms),
});
