import type { Prices } from '../domain/price-list/events.ts';
import type { Usage } from '../domain/price-list/usage.ts';
import { filled } from './filled.ts';

/** Sounds and pictures of a usage, as columns; few calls have any, so that a row leaves out what it hasn't. */
export const mediaUsed = (usage: Usage) =>
  filled({
    audio_input: usage.audioInput,
    audio_output: usage.audioOutput,
    image_input: usage.imageInput,
    image_output: usage.imageOutput,
    images: usage.images,
    seconds: usage.seconds,
    characters: usage.characters,
  });

/** Their prices on a call's row. */
export const mediaPrices = (prices: Prices) =>
  filled({
    price_audio_input: prices.audioInput,
    price_audio_output: prices.audioOutput,
    price_image_input: prices.imageInput,
    price_image_output: prices.imageOutput,
    price_image: prices.image,
    price_second: prices.second,
    price_character: prices.character,
  });

/** And on a price list's. */
export const mediaListed = (prices: Prices) =>
  filled({
    audio_input: prices.audioInput,
    audio_output: prices.audioOutput,
    image_input: prices.imageInput,
    image_output: prices.imageOutput,
    per_image: prices.image,
    per_second: prices.second,
    per_character: prices.character,
  });
