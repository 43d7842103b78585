import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { sprawlOf } from '../../domain/json-sprawl.ts';

/** What an upstream needs to believe a thought that it once had: what it signed, or the whole of it, sealed. */
const SealedThought = z.union([
  z.strictObject({ signature: z.string() }),
  z.strictObject({ data: z.string() }),
]);
export type SealedThought = z.output<typeof SealedThought>;

const mark = 'thought.';

/** A seal as the text that a client keeps, and sends back with the next turn. */
export const sealed = (thought: SealedThought): string =>
  `${mark}${Buffer.from(JSON.stringify(thought)).toString('base64url')}`;

/** What is in such a text; undefined for any other, for one of another provider's own. */
export function unsealed(text: string): SealedThought | undefined {
  if (!text.startsWith(mark)) return undefined;
  const json = Buffer.from(text.slice(mark.length), 'base64url');
  if (sprawlOf(json)) return undefined;
  try {
    return SealedThought.safeParse(JSON.parse(json.toString())).data;
  } catch {
    return undefined;
  }
}
