/** The same items; the next one is being made while the last one is used. */
export async function* oneAhead<Item>(
  items: AsyncGenerator<Item, void, undefined>,
): AsyncGenerator<Item, void, undefined> {
  try {
    let next = items.next();
    while (true) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      // A failure is heard of when the item is asked for.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await items.return();
  }
}
