import { CompactEncrypt, compactDecrypt } from 'jose';

const encoder = new TextEncoder();

/** Seals bytes under a key that is itself for nothing else; `name` is bound to them. */
export const sealWith = (key: Uint8Array, name: string, content: Uint8Array): Promise<string> =>
  new CompactEncrypt(content)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: name })
    .encrypt(key);

export const unsealWith = (key: Uint8Array, name: string, sealed: string): Promise<Uint8Array> =>
  opened(key, name, sealed, 'dir');

/** Wraps a key under the master key; `name` is bound to it, so that rows can't be swapped. */
export const wrapWith = (master: Uint8Array, name: string, key: Uint8Array): Promise<string> =>
  new CompactEncrypt(key)
    .setProtectedHeader({ alg: 'A256GCMKW', enc: 'A256GCM', kid: name })
    .encrypt(master);

export const unwrapWith = (
  master: Uint8Array,
  name: string,
  wrapped: string,
): Promise<Uint8Array> => opened(master, name, wrapped, 'A256GCMKW');

async function opened(
  key: Uint8Array,
  name: string,
  jwe: string,
  alg: string,
): Promise<Uint8Array> {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  if (protectedHeader.kid !== name) throw new Error(`This was not sealed for ${name}.`);
  return plaintext;
}

export const toBytes = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));
export const fromBytes = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
