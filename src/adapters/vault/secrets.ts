import { randomBytes } from 'node:crypto';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { query, statement } from '../../projections/query.ts';
import { unwrapWith, wrapWith } from './sealing.ts';
import { WrongMasterKey } from './vault-faults.ts';

const Row = z.object({ sealed: z.string() });

/** The secret that only tells whether a master key is the vault's. */
export const keyCheck = 'master-key-check';

/** The program's own secrets, the same for every process of one installation. */
export interface Secrets {
  /** 32 random bytes under a name, made by whoever asks first. */
  secret(name: string): Promise<Buffer>;
  /** Puts something under a name, in place of what is there. */
  keep(name: string, value: Uint8Array): Promise<void>;
  kept(name: string): Promise<Buffer | undefined>;
}

export function secrets(pool: DatabasePool, masterKey: Uint8Array): Secrets {
  const made = new Map<string, Promise<Buffer>>();

  const kept = async (name: string): Promise<Buffer | undefined> => {
    const row = await pool.maybeOne(
      query(Row)`SELECT sealed FROM vault.secrets WHERE name = ${name}`,
    );
    return row ? unwrapped(masterKey, name, row.sealed) : undefined;
  };

  const make = async (name: string): Promise<Buffer> => {
    const found = await kept(name);
    if (found) return found;
    const sealed = await wrapWith(masterKey, name, randomBytes(32));
    await pool.query(statement`
      INSERT INTO vault.secrets (name, sealed) VALUES (${name}, ${sealed})
      ON CONFLICT (name) DO NOTHING`);
    // Another process may have been first: only what the table has counts.
    return make(name);
  };

  return {
    kept,
    async keep(name, value) {
      const sealed = await wrapWith(masterKey, name, value);
      await pool.query(statement`
        INSERT INTO vault.secrets (name, sealed) VALUES (${name}, ${sealed})
        ON CONFLICT (name) DO UPDATE
        SET sealed = EXCLUDED.sealed, changed_at = clock_timestamp()`);
    },
    secret(name) {
      const known = made.get(name) ?? make(name);
      made.set(name, known);
      known.catch(() => made.delete(name));
      return known;
    },
  };
}

/** Throws `WrongMasterKey` unless this key sealed what every vault keeps to tell by. */
export async function checkMasterKey(masterKey: Uint8Array, sealed: string): Promise<void> {
  await unwrapped(masterKey, keyCheck, sealed);
}

const wrongKey =
  'MASTER_KEY does not open this vault: it was made with another one. Set the MASTER_KEY (or put ' +
  'back the master.key file) that this database was first started with.';

async function unwrapped(master: Uint8Array, name: string, sealed: string): Promise<Buffer> {
  try {
    return Buffer.from(await unwrapWith(master, name, sealed));
  } catch (error) {
    throw new WrongMasterKey(wrongKey, { cause: error });
  }
}
