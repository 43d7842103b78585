import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Mailer } from './mailer.ts';
import { MailFault } from './mailer.ts';

/** Writes every mail as a file `<folder>/<time>….eml`, whole or not at all; the newest sorts last. */
export function fileMail({
  folder,
  from,
  clock,
}: {
  readonly folder: string;
  readonly from: string;
  readonly clock: () => Date;
}): Mailer {
  let sent = 0;
  return {
    async send({ to, subject, text }) {
      const date = clock();
      const composer = new MailComposer({
        from,
        to: { name: '', address: to },
        subject,
        text,
        date,
        newline: '\r\n',
      });
      const message = composer.compile();
      // A person opens these files and copies the link, which quoted-printable would break into lines.
      message.getTransferEncoding = () => '8bit';
      sent += 1;
      const order = String(sent % 1_000_000).padStart(6, '0');
      const time = date.toISOString().replaceAll(':', '-');
      const name = `${time}-${order}-${randomUUID().slice(0, 8)}`;
      try {
        await writeWhole(folder, name, await message.build());
      } catch (error) {
        throw new MailFault('The mail could not be written.', { cause: error, retryable: true });
      }
    },
  };
}

/** Codes are in there, so nobody else may read it. */
async function writeWhole(folder: string, name: string, content: Buffer): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.${name}.draft`);
  await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
  await rename(draft, join(folder, `${name}.eml`));
}
