import type { Place } from '../adapters/eventstore/execute.ts';
import type { Once } from '../adapters/eventstore/once.ts';
import type { Mailer } from '../adapters/mail/mailer.ts';
import { MailFault } from '../adapters/mail/mailer.ts';
import { KeyErased } from '../adapters/vault/vault-faults.ts';
import type { CommandContext } from '../domain/envelope.ts';
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
  /** Every process reads the same events: whoever claims a mail first sends it. */
  readonly once: Once;
  readonly place: (stream: string) => Promise<Place>;
  readonly clock: () => Date;
  readonly log: { warn(facts: object, message: string): void };
}

/** Tells every administrator of what an event says; rejects while a mail can't be handed over. */
export function budgetMails(parts: BudgetMailParts) {
  return async (event: Recorded): Promise<void> => {
    if (event.type !== 'BudgetThresholdReached') return;
    const letter = thresholdMail(event.data);
    for (const admin of await parts.reads.any(listAdmins())) {
      const key = `${event.id}/${admin.member_id}`;
      const claim = {
        ...{ scope: 'mail', key, bodyHash: event.id },
        place: () => parts.place(event.stream),
        context: contextOf(event, { key, clock: parts.clock }),
      };
      await parts.once(claim, async () => {
        await sendTo(admin, letter, parts);
        return { status: 200, body: null };
      });
    }
  };
}

const contextOf = (
  event: Recorded,
  { key, clock }: { readonly key: string; readonly clock: () => Date },
): CommandContext => ({
  commandId: `mail/${key}`,
  correlationId: event.meta.$correlationId,
  causationId: event.id,
  actor: { type: 'system', id: 'mails' },
  at: clock().toISOString(),
  source: 'mails',
});

async function sendTo(
  admin: AdminRow,
  letter: ReturnType<typeof thresholdMail>,
  { unseal, send, log }: BudgetMailParts,
): Promise<void> {
  const to = await addressOf(unseal, admin);
  if (to === undefined) return;
  try {
    await send({ to, ...letter });
  } catch (err) {
    if (!(err instanceof MailFault) || err.retryable) throw err;
    log.warn({ err, member: admin.member_id }, 'a mail to an administrator was refused for ever');
  }
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
