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
        throw mailFault(error);
      }
    },
    close: () => transport.close(),
  };
}

/** Without the library's error as its cause: that one names the recipient, and faults are logged. */
function mailFault(error: unknown): MailFault {
  const reply = replyCodeOf(error);
  const told = reply ?? (error instanceof Error && 'code' in error ? error.code : 'unknown');
  // SMTP's 5xx: this mail will never be taken.
  const retryable = reply === undefined || reply < 500;
  return new MailFault(`The mail server did not take the mail (${told}).`, { retryable });
}

const replyCodeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
    ? error.responseCode
    : undefined;
