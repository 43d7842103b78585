/** What a picture takes in tokens. */
export interface Picture {
  /** Of each that is made, at most and usually, with its previews. */
  readonly mostTokens: number;
  readonly usualTokens: number;
  /** Of all that it is made from, at most. */
  readonly givenTokens: number;
}

/** A given picture at its highest fidelity. */
export const mostGivenTokens = 6_500;
const perPreview = 100;

/** As OpenAI says for its own models: by quality, of a square and of any other shape. */
const tokens = new Map<unknown, readonly [square: number, other: number]>([
  ['low', [272, 408]],
  ['medium', [1_056, 1_584]],
  ['high', [4_160, 6_240]],
]);
const dearest: readonly [number, number] = [4_160, 6_240];
const square = /^(\d+)x\1$/;

/** By what a request says of size and quality; what it leaves open is bounded by the dearest there is. */
export function pictureOf(wish: (field: string) => unknown): Omit<Picture, 'givenTokens'> {
  const [ofSquare, ofOther] = tokens.get(wish('quality')) ?? dearest;
  const previews = perPreview * Math.max(0, Math.min(3, Number(wish('partial_images') ?? 0) || 0));
  const size = String(wish('size') ?? '');
  const isSquare = square.test(size);
  return {
    mostTokens: (isSquare ? ofSquare : ofOther) + previews,
    // A model left to itself draws a square.
    usualTokens: (isSquare || !/^\d+x\d+$/.test(size) ? ofSquare : ofOther) + previews,
  };
}
