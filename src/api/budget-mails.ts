import type { Mailer } from '../adapters/mail/mailer.ts';
import { MailFault } from '../adapters/mail/mailer.ts';
import { KeyErased } from '../adapters/vault/vault-faults.ts';
import type { Recorded } from '../domain/events.ts';
import type { AdminRow } from '../projections/members.ts';
import { listAdmins } from '../projections/members.ts';
import { thresholdMail } from './mails.ts';
import type { Reads } from './reads.ts';
import type { Unseal } from './registration.ts';
import { registrationOf } from './registration.ts';

export interface BudgetMailParts {
  readonly reads: Pick<Reads, 'any'>;
  readonly unseal: Unseal;
  readonly send: Mailer['send'];
  readonly log: { warn(facts: object, message: string): void };
}

/** Tells every administrator of what an event says; rejects while mails can't be handed over. */
export function budgetMails({ reads, unseal, send, log }: BudgetMailParts) {
  return async (event: Recorded): Promise<void> => {
    if (event.type !== 'BudgetThresholdReached') return;
    const letter = thresholdMail(event.data);
    for (const admin of await reads.any(listAdmins())) {
      const to = await addressOf(unseal, admin);
      if (to === undefined) continue;
      try {
        await send({ to, ...letter });
      } catch (err) {
        if (!(err instanceof MailFault) || err.retryable) throw err;
        log.warn(
          { err, member: admin.member_id },
          'a mail to an administrator was refused for ever',
        );
      }
    }
  };
}

/** Undefined for one whose data was erased. */
async function addressOf(unseal: Unseal, { member_id, sealed }: AdminRow) {
  try {
    return (await registrationOf(unseal, member_id, sealed)).email;
  } catch (error) {
    if (!(error instanceof KeyErased)) throw error;
    return undefined;
  }
}
