import type { Mail } from '../adapters/mail/mailer.ts';
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
