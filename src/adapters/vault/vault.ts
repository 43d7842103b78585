import type { DatabasePool } from 'slonik';
import type { MemberKeys } from './member-keys.ts';
import { memberKeys } from './member-keys.ts';
import type { Secrets } from './secrets.ts';
import { keyCheck, secrets } from './secrets.ts';

/** Members' keys and the program's secrets, in Postgres, all under the master key. */
export type Vault = MemberKeys & Secrets;

/** Opens the vault, or throws `WrongMasterKey` when another key made it. */
export async function openVault({
  pool,
  masterKey,
}: {
  readonly pool: DatabasePool;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
}): Promise<Vault> {
  const ours = secrets(pool, masterKey);
  await ours.secret(keyCheck);
  return { ...ours, ...memberKeys(pool, masterKey) };
}
