import type { ApiKeyCommand } from './api-key/decider.ts';
import type { EventType, Recorded } from './events.ts';
import type { Instant } from './ids.ts';
import { nameId } from './ids.ts';
import type { MemberCommand } from './member/decider.ts';
import { Decimal } from './money.ts';
import { streamOf } from './streams.ts';
import type { WalletCommand } from './wallet/commands.ts';

/** A command that an event calls for, with the stream it belongs to. */
export type PolicyCommand =
  | { readonly noun: 'member'; readonly stream: string; readonly command: MemberCommand }
  | { readonly noun: 'apiKey'; readonly stream: string; readonly command: ApiKeyCommand }
  | {
      readonly noun: 'wallet';
      readonly stream: string;
      readonly command: (at: Instant) => WalletCommand;
      /** True for what moves money: it is claimed once, whatever happens to its lot meanwhile. */
      readonly once: boolean;
    };

type EventOfType<Type extends EventType> = Extract<Recorded, { type: Type }>;

/** Event → commands. Run at least once for every event, so every command decides nothing twice. */
export type Policies = {
  readonly [Type in EventType]?: (event: EventOfType<Type>) => readonly PolicyCommand[];
};

/** What everybody's wallet is opened in. */
export const homeCurrency = 'CNY';
const starterCredit = new Decimal(10);

export const policies: Policies = {
  EmailClaimed: ({ data: { memberId, walletId, emailHash, sealed, replaces } }) => [
    member(memberId, { type: 'RegisterMember', memberId, walletId, emailHash, sealed }),
    ...(replaces ? [member(replaces, { type: 'SupersedeRegistration', by: memberId })] : []),
  ],
  EmailOwned: ({ data: { memberId, walletId } }) => [
    member(memberId, { type: 'VerifyMember' }),
    openWallet(memberId, walletId),
  ],
  FirstAdminAppointed: ({ data: { memberId, walletId } }) => [
    member(memberId, { type: 'GrantRole', role: 'admin' }),
    grantStarter(memberId, walletId),
  ],
  ApiKeyIssued: ({ data: { at: _, ...key } }) => [
    {
      ...{ noun: 'apiKey', stream: streamOf.apiKey(key.hash) },
      command: { type: 'ClaimApiKey', ...key },
    },
  ],
  ApiKeyRevoked: ({ data: { memberId, keyId } }) => [
    member(memberId, { type: 'EndApiKey', keyId }),
  ],
};

const member = (memberId: string, command: MemberCommand): PolicyCommand => ({
  noun: 'member',
  stream: streamOf.member(memberId),
  command,
});

const openWallet = (memberId: string, walletId: string): PolicyCommand => ({
  noun: 'wallet',
  stream: streamOf.wallet(walletId),
  command: () => ({ type: 'OpenWallet', walletId, memberId, currency: homeCurrency }),
  once: false,
});

const grantStarter = (memberId: string, walletId: string): PolicyCommand => ({
  noun: 'wallet',
  stream: streamOf.wallet(walletId),
  command: (at) => ({
    type: 'GrantCredit',
    walletId,
    memberId,
    currency: homeCurrency,
    lotId: nameId(`starter/${walletId}`),
    asset: homeCurrency,
    amount: starterCredit,
    kind: 'promo',
    priority: 0,
    effectiveAt: null,
    expiresAt: null,
    past: 'bill',
    scope: null,
    reason: 'starter credit',
    at,
  }),
  once: true,
});
