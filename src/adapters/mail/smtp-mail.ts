import { createTransport } from 'nodemailer';
import type { Mailer } from './mailer.ts';
import { MailFault } from './mailer.ts';

/** Sends through the SMTP server that `MAIL_URL` names (`smtp://` or `smtps://`, with user and password). */
export function smtpMail({
  url,
  from,
}: {
  readonly url: string;
  readonly from: string;
}): Mailer & { close(): void } {
  const transport = createTransport({
    url,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
  });
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
      } catch (error) {
        throw new MailFault('The mail server did not take the mail.', {
          cause: error,
          retryable: !isFinal(error),
        });
      }
    },
    close: () => transport.close(),
  };
}

/** SMTP's 5xx: this mail will never be taken. */
const isFinal = (error: unknown): boolean =>
  error instanceof Error &&
  'responseCode' in error &&
  typeof error.responseCode === 'number' &&
  error.responseCode >= 500;
