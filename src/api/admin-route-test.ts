import { z } from 'zod';
import type { ImaginedCall, PreviewedRoute } from '../adapters/llm/preview-route.ts';
import { Scenario } from '../domain/permits.ts';
import { Alias } from '../domain/price-list/events.ts';
import { Rejection } from '../domain/rejection.ts';
import { ownerOfKey } from '../projections/api-keys.ts';
import type { Access } from './auth.ts';
import { ApiError } from './errors.ts';
import type { Reads } from './reads.ts';
import { route } from './route.ts';
import { rankedReason } from './route-reasons.ts';
import { scenarioOf } from './scenario.ts';

const usualInputTokens = 1_000;

const ImaginedRequest = z.strictObject({
  alias: Alias,
  member_id: z.uuid().optional(),
  api_key_id: z.uuid().optional(),
  scenario: Scenario.optional(),
  input_tokens: z.int().min(0).max(100_000_000).default(usualInputTokens),
  output_tokens: z.int().min(1).max(100_000_000).optional(),
  headers: z.record(z.string().max(100), z.string().max(1_000)).default({}),
});

export interface RouteTestParts {
  readonly preview: (call: ImaginedCall) => PreviewedRoute | undefined;
  readonly member: Access['member'];
  readonly reads: Reads;
}

/** Explains the decision that the next such call would get in this process; nothing is asked or held. */
export const testRoute = ({ preview, member, reads }: RouteTestParts) =>
  route({
    method: 'POST',
    path: '/api/admin/routes/test',
    who: 'admin',
    summary: 'See where a call would go, and why',
    body: ImaginedRequest,
    reply: z.object({
      alias: Alias,
      strategy: z.string(),
      candidates: z.array(
        z.object({
          upstream: z.string(),
          model: z.string(),
          score: z.number(),
          reason: z.string(),
        }),
      ),
    }),
    async handle({ body, request: { locale } }) {
      const { alias, api_key_id, input_tokens, output_tokens } = body;
      const key = api_key_id === undefined ? undefined : await keyOf(api_key_id, body, reads);
      const known = await memberOf(body.member_id ?? key?.member_id, member);
      const previewed = preview({
        alias,
        apiKeyId: api_key_id,
        plan: known?.plan?.id,
        clientApp: known?.clientApp ?? undefined,
        scenario: saidIn(body) ?? key?.permits?.scenario ?? undefined,
        inputTokens: input_tokens,
        outputTokens: output_tokens,
      });
      if (!previewed) {
        throw new ApiError('model_not_found', { param: 'alias', values: { model: alias } });
      }
      const { strategy, candidates } = previewed;
      return {
        body: {
          alias,
          strategy,
          candidates: candidates.map((each) => ({
            upstream: each.candidate.upstream,
            model: each.candidate.model,
            score: Math.round(each.score * 10_000) / 10_000,
            reason: rankedReason(strategy, each, locale),
          })),
        },
      };
    },
  });

async function memberOf(id: string | undefined, member: Access['member']) {
  const known = id === undefined ? undefined : await member(id);
  if (id !== undefined && !known) {
    throw new Rejection('member_not_found', 'There is no such member.');
  }
  return known;
}

/** The scenario that such a call would name itself. */
function saidIn({ scenario, headers }: z.output<typeof ImaginedRequest>) {
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-scenario');
  return scenario ?? scenarioOf(named?.[1] ?? '');
}

async function keyOf(id: string, by: { readonly member_id?: string | undefined }, reads: Reads) {
  const found = await reads.maybeOne(ownerOfKey(id));
  if (!found || found.member_id !== (by.member_id ?? found.member_id)) {
    throw new Rejection('api_key_not_found', 'There is no such key of this member.');
  }
  return found;
}
