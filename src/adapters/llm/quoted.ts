import { Form } from './form.ts';
import type { Json } from './upstream.ts';

/** Whether a request says such words itself, so that an error with them in it may only quote it. */
export const quotedFrom =
  (body: Json | Form) =>
  (said: string): boolean => {
    const words = said.toLowerCase();
    return textsOf(body).some((text) => text.toLowerCase().includes(words));
  };

/** Of JSON each text as it is, not as JSON writes it. */
function textsOf(body: Json | Form): readonly string[] {
  if (body instanceof Form) {
    return body.entries.flatMap(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.filename,
    ]);
  }
  const texts: string[] = [];
  JSON.stringify(body, (field, value: unknown) => {
    texts.push(field);
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  return texts;
}
