import { isJson } from './json.ts';
import type { Size } from './picture-size.ts';
import { pictureSize } from './picture-size.ts';
import type { Family } from './tokenizer.ts';

/** A picture among a request's messages. */
export interface Picture {
  /** It is to be looked at in small. */
  readonly isLow: boolean;
  /** Undefined: elsewhere, or of a kind whose header doesn't tell. */
  readonly size: Size | undefined;
}

/** Anything else in the place of an address would be text that nobody counts. */
export function isPicture(image: unknown): image is { url: string; detail?: unknown } {
  const { url } = isJson(image) ? image : {};
  return typeof url === 'string' && /^(https?:|data:image\/)/.test(url);
}

/** What of a picture decides what it is billed as. */
export const pictureOf = ({ url, detail }: { url: string; detail?: unknown }): Picture => ({
  isLow: detail === 'low',
  size: pictureSize(url),
});

/** Who looks at it. */
interface Viewer {
  readonly family: Family;
  readonly model: string;
}

/**
 * Tokens that a picture is billed as. `most`: never less than the provider may count. `usual`: as far
 * as its size is known the same, else for a picture of the usual size.
 */
type Count = (picture: Picture) => number;

interface Rule {
  readonly models: RegExp;
  readonly count: Count;
}

/** A picture without a size may be as large as this, which every rule below scales down. */
const huge: Size = { width: 65_536, height: 65_536 };
const usual: Size = { width: 1_024, height: 1_024 };

/** Scaled into a square of 2,048, then to a short side of 768, and cut into tiles of 512. */
const tiles =
  (base: number, perTile: number): Count =>
  ({ isLow, size }) => {
    if (isLow) return base;
    // Of an unknown size: as long and as wide as a picture can be after that.
    const { width, height } = size === huge ? { width: 2_048, height: 768 } : fitted(size ?? usual);
    return base + perTile * cut(width) * cut(height);
  };

/** Scaling leaves a length a hair off what it should be. */
const cut = (length: number): number => Math.ceil(length / 512 - 1e-9);

function fitted({ width, height }: Size): Size {
  const into = Math.min(1, 2_048 / Math.max(width, height));
  const short = Math.min(width, height) * into;
  const scale = into * Math.min(1, 768 / short);
  return { width: width * scale, height: height * scale };
}

/** Patches of 32 pixels, scaled down to at most so many, each as so many tokens. */
const patches =
  (most: number, factor: number): Count =>
  ({ size = usual }) => {
    const count = Math.ceil(size.width / 32) * Math.ceil(size.height / 32);
    return Math.ceil(Math.min(most, count) * factor);
  };

/** No provider bills a picture as more, by what they document; it is the bound where no rule is known. */
const ceiling = 16_384;
/** About what most count for a picture of the usual size. */
const typical = 1_600;

/** As OpenAI documents it, by the beginning of the model's name; the first that fits. */
const rules: readonly Rule[] = [
  { models: /^gpt-4o-mini/, count: tiles(2_833, 5_667) },
  { models: /^(gpt-4\.1|gpt-5)-mini/, count: patches(1_536, 1.62) },
  { models: /^(gpt-4\.1|gpt-5)-nano/, count: patches(1_536, 2.46) },
  { models: /^o4-mini/, count: patches(1_536, 1.72) },
  {
    models: /^(gpt-4o|gpt-4\.1|gpt-4\.5|gpt-4-turbo|gpt-4-vision|chatgpt-4o)/,
    count: tiles(85, 170),
  },
  { models: /^gpt-5(-chat|-codex|-20|$)/, count: tiles(70, 140) },
  { models: /^(o1|o3)/, count: tiles(75, 150) },
];

/** What the built-in sandbox counts for each. */
const inSandbox = 85;

/** Tokens of all pictures; see `Count`. */
export function pictureTokens(
  { family, model }: Viewer,
  pictures: readonly Picture[] = [],
  how: 'most' | 'usual' = 'usual',
): number {
  const count = counting(family, model, how);
  return pictures.reduce((total, picture) => total + count(picture), 0);
}

function counting(family: Family, model: string, how: 'most' | 'usual'): Count {
  if (family === 'sandbox') return () => inSandbox;
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const rule = rules.find(({ models }) => models.test(name));
  if (!rule) return () => (how === 'most' ? ceiling : typical);
  if (how === 'usual') return rule.count;
  return (picture) => rule.count({ ...picture, size: picture.size ?? huge });
}
