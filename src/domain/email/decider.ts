import type { Decider } from '../decider.ts';
import type { Instant } from '../ids.ts';
import { Rejection } from '../rejection.ts';
import type { EmailEvent } from './events.ts';

type Claim = Omit<Extract<EmailEvent, { type: 'EmailClaimed' }>['data'], 'replaces'>;

export type EmailCommand =
  | ({ readonly type: 'ClaimEmail' } & Claim)
  | { readonly type: 'OwnEmail'; readonly codeHash: string; readonly at: Instant };

export type Email =
  | { readonly status: 'free' }
  | { readonly status: 'pending' | 'owned'; readonly claim: Claim };

/** One address belongs to at most one member: a claim waits until its owner shows the code. */
export const email: Decider<EmailCommand, EmailEvent, Email> = {
  initialState: { status: 'free' },
  decide(command, state) {
    switch (command.type) {
      case 'ClaimEmail':
        return claim(command, state);
      case 'OwnEmail':
        return own(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'EmailClaimed': {
        const { replaces: _, ...rest } = event.data;
        return { status: 'pending', claim: rest };
      }
      case 'EmailOwned':
        return state.status === 'free' ? state : { status: 'owned', claim: state.claim };
    }
  },
};

function claim(
  { type: _, ...wanted }: Extract<EmailCommand, { type: 'ClaimEmail' }>,
  state: Email,
): readonly EmailEvent[] {
  if (state.status === 'free') return [claimed(wanted, null)];
  if (state.claim.memberId === wanted.memberId) return [];
  if (state.status === 'owned') {
    throw new Rejection('email_taken', 'This address belongs to a member.');
  }
  return [claimed(wanted, state.claim.memberId)];
}

const claimed = (wanted: Claim, replaces: string | null): EmailEvent => ({
  type: 'EmailClaimed',
  data: { ...wanted, replaces },
});

function own(
  { codeHash, at }: Extract<EmailCommand, { type: 'OwnEmail' }>,
  state: Email,
): readonly EmailEvent[] {
  if (state.status === 'free' || state.claim.codeHash !== codeHash) {
    throw new Rejection('code_invalid', 'This link is not valid, or a newer one replaced it.');
  }
  if (state.status === 'owned') return [];
  if (at >= state.claim.expiresAt) {
    throw new Rejection('code_expired', 'This link has expired; sign up again.');
  }
  const { emailHash, memberId, walletId } = state.claim;
  return [{ type: 'EmailOwned', data: { emailHash, memberId, walletId } }];
}
