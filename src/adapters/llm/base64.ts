const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Whole, without an empty one, spaces or another alphabet: decoders read such things each their own way. */
export const isBase64 = (data: unknown): data is string =>
  typeof data === 'string' && data.length % 4 === 0 && base64.test(data);
