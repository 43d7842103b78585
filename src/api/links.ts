import type { OperatorSettings } from '../domain/settings/events.ts';
import type { ErrorCode } from './error-table.ts';

export interface LinkParts {
  readonly publicUrl: () => string;
  readonly settings: () => Pick<OperatorSettings, 'plansUrl' | 'accountUrl'>;
}

/** Where a member can do something about an error; undefined for those that have no such place. */
export type LinkOf = (code: ErrorCode) => string | undefined;

export const linksFor =
  ({ publicUrl, settings }: LinkParts): LinkOf =>
  (code) => {
    switch (code) {
      case 'plan_expired':
      case 'plan_not_permitted':
        return settings().plansUrl ?? page(publicUrl(), 'plans');
      case 'account_disabled':
        return settings().accountUrl ?? page(publicUrl(), 'account');
      default:
        return undefined;
    }
  };

const page = (url: string, name: string): string => `${url.replace(/\/+$/, '')}/${name}`;
