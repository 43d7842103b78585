import type { OperatorSettings } from '../domain/settings/events.ts';
import type { ErrorCode } from './error-table.ts';
import type { Reason } from './reasons.ts';

export interface LinkParts {
  readonly publicUrl: () => string;
  readonly settings: () => Pick<OperatorSettings, 'plansUrl' | 'accountUrl'>;
}

/** Where a member can do something about an error; undefined for those that have no such place. */
export type LinkOf = (code: ErrorCode, why?: Reason) => string | undefined;

/** What a key doesn't permit its owner may, whatever the plan. */
const ofKey: ReadonlySet<Reason | undefined> = new Set([
  'key_alias',
  'key_endpoint',
  'key_scenario',
]);

export function linksFor({ publicUrl, settings }: LinkParts): LinkOf {
  const plans = () => settings().plansUrl ?? page(publicUrl(), 'plans');
  const account = () => settings().accountUrl ?? page(publicUrl(), 'account');
  return (code, why) => {
    switch (code) {
      case 'plan_expired':
        return plans();
      case 'plan_not_permitted':
        return ofKey.has(why) ? account() : plans();
      case 'account_disabled':
        return account();
      default:
        return undefined;
    }
  };
}

const page = (url: string, name: string): string => `${url.replace(/\/+$/, '')}/${name}`;
