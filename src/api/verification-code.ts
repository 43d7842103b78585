import { createHash, randomBytes } from 'node:crypto';

/** What a mail's code says: whose address it proves, and the hash that the claim knows it by. */
interface VerificationCode {
  readonly emailHash: string;
  readonly codeHash: string;
}

/** A code that leads to its address's stream; only its hash is stored. */
export function newVerificationCode(emailHash: string): VerificationCode & { code: string } {
  const address = Buffer.from(emailHash, 'hex').toString('base64url');
  const code = `${address}.${randomBytes(32).toString('base64url')}`;
  return { code, emailHash, codeHash: hashOf(code) };
}

/** Undefined for what was never a code of ours. */
export function readVerificationCode(code: string): VerificationCode | undefined {
  const [, address] = /^([\w-]{43})\.[\w-]{43}$/.exec(code) ?? [];
  if (!address) return undefined;
  return { emailHash: Buffer.from(address, 'base64url').toString('hex'), codeHash: hashOf(code) };
}

const hashOf = (code: string): string => createHash('sha256').update(code).digest('hex');
