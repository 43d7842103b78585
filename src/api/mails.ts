import type { Mail } from '../adapters/mail/mailer.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { Locale } from './locale.ts';
import { textOf } from './messages.ts';

type Letter = Omit<Mail, 'to'>;

/** Brings the link that verifies an address. */
export const verificationMail = (locale: Locale, link: string): Letter => ({
  subject: textOf('verifySubject', locale),
  text: textOf('verifyBody', locale, { link }),
});

/** Tells an owner that somebody signed up with their address; it holds no code. */
export const addressTakenMail = (locale: Locale, url: string): Letter => ({
  subject: textOf('takenSubject', locale),
  text: textOf('takenBody', locale, { url }),
});

type Threshold = Extract<DomainEvent, { type: 'BudgetThresholdReached' }>['data'];

/** Tells administrators how much of a budget is spent; nobody's language is known, so it is said in both. */
export function thresholdMail({
  budgetId,
  scope,
  of,
  percent,
  spent,
  most,
  currency,
}: Threshold): Letter {
  const said = (locale: Locale) => {
    const values = {
      ...{ budget: budgetId, kind: scope.kind, value: scope.value, of },
      ...{ percent: String(percent), spent, most, currency },
    };
    return {
      subject: textOf('thresholdSubject', locale, values),
      text: textOf('thresholdBody', locale, values),
    };
  };
  const [zh, en] = [said('zh'), said('en')];
  return { subject: `${zh.subject} / ${en.subject}`, text: `${zh.text}\n${en.text}` };
}
