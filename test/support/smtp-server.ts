import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

interface Received {
  readonly to: string;
  readonly message: string;
}

/** A mail server on a free port: takes all mail but that to `refused@…`, which it refuses for ever, and `later@…`. */
export async function smtpServer(t: { teardown(end: () => Promise<void>): void }) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    void converse(socket, received);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `smtp://127.0.0.1:${port}`, received };
}

async function converse(socket: Socket, received: Received[]): Promise<void> {
  socket.on('error', () => socket.destroy());
  const say = (line: string) => socket.write(`${line}\r\n`);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  let to = '';
  say('220 test');
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const recipient = /^RCPT TO:<(.+?)>/i.exec(next.value)?.[1];
    to = recipient ?? to;
    say(answerTo(next.value, recipient));
    if (/^DATA/i.test(next.value)) {
      received.push({ to, message: await message(lines) });
      say('250 taken');
    }
    if (/^QUIT/i.test(next.value)) socket.end();
  }
}

async function message(lines: AsyncIterator<string>): Promise<string> {
  const taken: string[] = [];
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (next.value === '.') break;
    taken.push(next.value.startsWith('..') ? next.value.slice(1) : next.value);
  }
  return taken.join('\r\n');
}

function answerTo(line: string, recipient: string | undefined): string {
  if (recipient?.startsWith('refused@')) return '550 no such mailbox';
  if (recipient?.startsWith('later@')) return '451 try again later';
  if (/^DATA/i.test(line)) return '354 go on';
  return /^QUIT/i.test(line) ? '221 bye' : '250 ok';
}
