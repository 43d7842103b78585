/** Whether something of this name may be told again. */
export type Seldom = (name: string) => boolean;

/** Of so many names it is remembered when they were told; beyond that something may be told too often. */
const mostRemembered = 10_000;

/** For what comes up again and again: yes at first, and then once a minute for each name. */
export function seldom({ everyMs = 60_000, now = () => performance.now() } = {}): Seldom {
  const told = new Map<string, number>();
  return (name) => {
    const at = now();
    const before = told.get(name);
    if (before !== undefined && at - before < everyMs) return false;
    if (told.size >= mostRemembered) told.clear();
    told.set(name, at);
    return true;
  };
}
