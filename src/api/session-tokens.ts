import { createPrivateKey, createPublicKey } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';

const issuer = 'llm-member';
/** What precedes the 32 bytes of an Ed25519 key in PKCS #8. */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

const Claims = z.object({ sub: Uuid, sid: Uuid });

export interface Session {
  readonly memberId: string;
  readonly sessionId: string;
}

export interface SessionTokens {
  issue(session: Session, expiresAt: string): Promise<string>;
  /** Undefined for anything but an unexpired token of ours. */
  read(token: string): Promise<Session | undefined>;
}

/** Session tokens as JWTs, signed with Ed25519 by a key made of 32 secret bytes. */
export function sessionTokens(seed: Uint8Array, clock: () => Date): SessionTokens {
  const key = Buffer.concat([pkcs8Head, seed]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return {
    issue: ({ memberId, sessionId }, expiresAt) =>
      new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setIssuer(issuer)
        .setSubject(memberId)
        .setIssuedAt(clock())
        .setExpirationTime(new Date(expiresAt))
        .sign(privateKey),
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          issuer,
          algorithms: ['EdDSA'],
          requiredClaims: ['exp'],
          currentDate: clock(),
        });
        const { sub, sid } = Claims.parse(payload);
        return { memberId: sub, sessionId: sid };
      } catch {
        return undefined;
      }
    },
  };
}
