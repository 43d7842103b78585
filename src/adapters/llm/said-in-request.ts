import { Form } from './form.ts';
import type { Json } from './upstream.ts';

/** Whether a request says such words itself, so that an error with them in it may only quote it. */
export const quotedFrom =
  (body: Json | Form) =>
  (said: string): boolean => {
    const words = said.toLowerCase();
    return textsOf(body).some((text) => text.toLowerCase().includes(words));
  };

/** Of JSON each text as it is, not as JSON writes it; but for the model, which is ours. */
function textsOf(asking: Json | Form): readonly string[] {
  if (asking instanceof Form) {
    const others = asking.entries.filter(([name]) => name !== 'model');
    return others.flatMap(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.filename,
    ]);
  }
  const { model: _, ...body } = asking;
  const texts: string[] = [];
  JSON.stringify(body, (field, value: unknown) => {
    texts.push(field);
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  return texts;
}
