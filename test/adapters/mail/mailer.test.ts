import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { fileMail } from '../../../src/adapters/mail/file-mail.ts';
import type { Mailer } from '../../../src/adapters/mail/mailer.ts';
import { MailFault } from '../../../src/adapters/mail/mailer.ts';
import { smtpMail } from '../../../src/adapters/mail/smtp-mail.ts';
import { smtpServer } from '../../support/smtp-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const from = 'LLM Member <no-reply@example.com>';
const clock = () => new Date('2026-01-01T12:00:00.000Z');

interface Post {
  readonly mailer: Mailer;
  /** All mails as they arrived, the oldest first. */
  received(): Promise<readonly string[]>;
}

async function byFile(t: ExecutionContext): Promise<Post> {
  const folder = join(await temporaryFolder(t), 'mail');
  return {
    mailer: fileMail({ folder, from, clock }),
    received: async () => {
      const names = (await readdir(folder)).sort();
      return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    },
  };
}

async function bySmtp(t: ExecutionContext): Promise<Post> {
  const { url, received } = await smtpServer(t);
  const mailer = smtpMail({ url, from });
  t.teardown(() => mailer.close());
  return { mailer, received: async () => received.map(({ message }) => message) };
}

/** The text of a plain mail in quoted-printable, base64 or none. */
function textOf(mail: string): string {
  const [head = '', ...rest] = mail.split(/\r?\n\r?\n/);
  const body = rest.join('\n\n');
  if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString();
  if (!/transfer-encoding: quoted-printable/i.test(head)) return body;
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

for (const [kind, make] of [
  ['file', byFile],
  ['smtp', bySmtp],
] as const) {
  test(`${kind}: a mail arrives with sender, recipient, date and its text`, async (t) => {
    const { mailer, received } = await make(t);
    const link = `https://example.com/verify-email?code=${'a'.repeat(43)}.${'b'.repeat(43)}`;
    await mailer.send({ to: 'ann@example.com', subject: 'Verify', text: `Hello,\n\n${link}\n` });
    const [mail = ''] = await received();
    t.regex(mail, /^From: LLM Member <no-reply@example.com>\r?$/m);
    t.regex(mail, /^To: ann@example.com\r?$/m);
    t.regex(mail, /^Subject: Verify\r?$/m);
    t.regex(mail, /^Date: /m);
    t.regex(mail, /^Message-ID: <.+>/m);
    t.true(textOf(mail).includes(link));
  });

  test(`${kind}: Chinese text and subject survive`, async (t) => {
    const { mailer, received } = await make(t);
    await mailer.send({ to: 'ann@example.com', subject: '验证邮箱', text: '您好,请打开链接。\n' });
    const [mail = ''] = await received();
    const subject = /^Subject: =\?UTF-8\?B\?(.+)\?=/m.exec(mail)?.[1] ?? '';
    t.is(Buffer.from(subject, 'base64').toString(), '验证邮箱');
    t.true(textOf(mail).includes('您好,请打开链接。'));
  });

  test(`${kind}: no header can be smuggled in, and one recipient stays one`, async (t) => {
    const { mailer, received } = await make(t);
    const subject = 'x\r\nBcc: eve@example.com';
    await mailer.send({ to: 'a,eve@example.com', subject, text: 'hi' }).catch(() => undefined);
    await mailer.send({ to: 'ann@example.com', subject, text: 'hi' });
    for (const mail of await received()) t.notRegex(mail, /^Bcc:/im);
  });

  test(`${kind}: mails arrive in their order`, async (t) => {
    const { mailer, received } = await make(t);
    for (const text of ['one', 'two', 'three']) {
      await mailer.send({ to: 'ann@example.com', subject: 'x', text });
    }
    t.deepEqual(
      (await received()).map((mail) => textOf(mail).trim()),
      ['one', 'two', 'three'],
    );
  });
}

test('file: a long link stands on one line as it is', async (t) => {
  const { mailer, received } = await byFile(t);
  const link = `https://example.com/verify-email?code=${'a'.repeat(300)}`;
  await mailer.send({ to: 'ann@example.com', subject: 'x', text: `你好\n\n${link}\n` });
  const [mail = ''] = await received();
  t.regex(mail, /^Content-Transfer-Encoding: 8bit\r$/m);
  t.true(mail.includes(`\r\n\r\n${link}\r\n`));
});

test('file: only its owner reads a mail, and no draft stays', async (t) => {
  const folder = join(await temporaryFolder(t), 'mail');
  await fileMail({ folder, from, clock }).send({ to: 'a@example.com', subject: 'x', text: 'y' });
  const names = await readdir(folder);
  t.is(names.length, 1);
  t.regex(names[0] ?? '', /\.eml$/);
  t.is((await stat(join(folder, names[0] ?? ''))).mode & 0o777, 0o600);
});

test('smtp: a mailbox that is refused for ever is no reason to try again, a busy one is', async (t) => {
  const { mailer } = await bySmtp(t);
  const mail = { subject: 'x', text: 'y' };
  const refused = await t.throwsAsync(mailer.send({ ...mail, to: 'refused@example.com' }), {
    instanceOf: MailFault,
  });
  t.false(refused?.retryable);
  const later = await t.throwsAsync(mailer.send({ ...mail, to: 'later@example.com' }), {
    instanceOf: MailFault,
  });
  t.true(later?.retryable);
});

test('smtp: a fault says what the server replied and never to whom the mail was', async (t) => {
  const { mailer } = await bySmtp(t);
  const mail = { subject: 'x', text: 'y', to: 'refused@example.com' };
  const fault = await t.throwsAsync(mailer.send(mail), { instanceOf: MailFault });
  t.regex(fault?.message ?? '', /\(550\)/);
  t.notRegex(inspect(fault, { depth: 9 }), /refused@example/);
});

test('smtp: a server that is away is worth another try', async (t) => {
  const mailer = smtpMail({ url: 'smtp://127.0.0.1:1', from });
  const away = await t.throwsAsync(
    mailer.send({ to: 'ann@example.com', subject: 'x', text: 'y' }),
    { instanceOf: MailFault },
  );
  t.true(away?.retryable);
});
