import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

// Below every system's range for outgoing connections: a port from that range can be taken, while its server
// restarts, by any outgoing connection, even by a client's that is trying to reach that very port.
const lowest = 15_000;
const highest = 30_000;
const mostAttempts = 200;

/** Whether a server could listen on this loopback port right now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/** A loopback port on which nothing listens. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isPortFree(port)) {
      return port;
    }
  }
  throw new Error(`No free port was found between ${lowest} and ${highest}.`);
}

/**
 * The port noted in `file` when it is free or becomes so within `patienceMs`, otherwise a new one, which is noted:
 * the URLs that other processes were given stay valid over a restart.
 */
export async function steadyPort(file: string, patienceMs = 0): Promise<number> {
  const noted = Number(await readFile(file, 'utf8').catch(() => ''));
  if (Number.isInteger(noted) && noted > 0 && noted < 65_536) {
    for (let waited = 0; waited <= patienceMs; waited += 100) {
      if (await isPortFree(noted)) {
        return noted;
      }
      await sleep(100);
    }
  }
  const port = await freePort();
  await writeFile(file, `${port}\n`);
  return port;
}
