import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import { pino } from 'pino';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import type { ExpectedRevision, NewEvent } from '../../src/adapters/eventstore/log.ts';

/**
 * The yardstick of what durability alone costs: the bare pipe with two appends a call, one before the
 * upstream is asked and one before the last piece of the answer is given. It decides nothing, knows
 * nobody, counts nothing and has no read models; what it writes is as long as what the program writes.
 */
const [port, logUrl = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const { signal } = new AbortController();
const log = eventStoreDbLog({ url: logUrl, log: pino({ level: 'silent' }), signal });

/** Bytes of a `CreditReserved` and of a `UsageSettled` of a plain call, and of either's envelope. */
const reservedBytes = 855;
const settledBytes = 1_112;
const envelopeBytes = 340;

const metadata: NewEvent['metadata'] = { filled: 'x'.repeat(envelopeBytes) };
const filled = (bytes: number): NewEvent[] => [
  { id: randomUUID(), type: 'Passed', data: { filled: 'x'.repeat(bytes) }, metadata },
];

/** One stream a caller, as the program has one wallet each; a caller asks one thing at a time. */
const written = new Map<string, ExpectedRevision>();

async function append(stream: string, bytes: number): Promise<void> {
  const answer = await log.append(stream, written.get(stream) ?? 'no_stream', filled(bytes));
  if (!answer.ok) throw new Error(`Somebody else writes to ${stream}.`);
  written.set(stream, answer.revision);
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const ask = ({ url, method, headers }: IncomingMessage, body: Buffer) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: url, method, headers, agent }, resolve)
      .on('error', reject)
      .end(body);
  });

async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const stream = `passed-${incoming.headers.authorization}`;
  const body = await bytesOf(incoming);
  await append(stream, reservedBytes);
  const answer = await ask(incoming, body);
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
  let last: Buffer | undefined;
  for await (const part of answer) {
    if (last) outgoing.write(last);
    last = part as Buffer;
  }
  await append(stream, settledBytes);
  outgoing.end(last);
}

const server = createServer((incoming, outgoing) => {
  pass(incoming, outgoing).catch(() => outgoing.destroy());
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
