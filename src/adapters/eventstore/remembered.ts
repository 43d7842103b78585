/** Does something for a name, once for all who ask while it runs, and not again for a while after. */
export function remembered(
  work: (name: string) => Promise<void>,
  { forMs, most }: { readonly forMs: number; readonly most: number },
): (name: string) => Promise<void> {
  const done = new Map<string, { readonly work: Promise<void>; readonly at: number }>();
  return (name) => {
    const before = done.get(name);
    if (before && performance.now() - before.at < forMs) return before.work;
    const started = { work: work(name), at: performance.now() };
    done.delete(name);
    done.set(name, started);
    started.work.catch(() => {
      if (done.get(name) === started) done.delete(name);
    });
    const [oldest] = done.keys();
    if (done.size > most && oldest !== undefined) done.delete(oldest);
    return started.work;
  };
}
