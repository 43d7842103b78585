interface Difference<K, V> {
  readonly key: K;
  /** Undefined: the key is absent here. */
  readonly value: V | undefined;
  readonly from: PersistentMap<K, V>;
}

/**
 * An immutable map that costs no copy: all versions share one `Map`, which holds the version that was
 * used last; the others are differences from it. Following the newest version, or a few steps back,
 * is as fast as a `Map`. The order of iteration means nothing.
 */
export class PersistentMap<K, V> {
  readonly size: number;
  #content: Map<K, V> | undefined;
  #difference: Difference<K, V> | undefined;

  private constructor(content: Map<K, V>) {
    this.#content = content;
    this.size = content.size;
  }

  static of<K, V>(entries: Iterable<readonly [K, V]> = []): PersistentMap<K, V> {
    return new PersistentMap(new Map(entries));
  }

  get(key: K): V | undefined {
    return this.#here().get(key);
  }

  has(key: K): boolean {
    return this.#here().has(key);
  }

  set(key: K, value: V): PersistentMap<K, V> {
    // What begins anew shares with nobody: one empty map is the first version of many, and would keep
    // all that came of each.
    if (this.size === 0) return PersistentMap.of([[key, value]]);
    const content = this.#here();
    const before = content.get(key);
    content.set(key, value);
    return this.#succeededBy(new PersistentMap(content), key, before);
  }

  delete(key: K): PersistentMap<K, V> {
    const content = this.#here();
    const before = content.get(key);
    if (before === undefined) return this;
    content.delete(key);
    return this.#succeededBy(new PersistentMap(content), key, before);
  }

  /** A copy, so that whatever happens between two steps disturbs nobody. */
  values(): readonly V[] {
    return [...this.#here().values()];
  }

  entries(): readonly (readonly [K, V])[] {
    return [...this.#here()];
  }

  #succeededBy(next: PersistentMap<K, V>, key: K, value: V | undefined): PersistentMap<K, V> {
    this.#content = undefined;
    this.#difference = { key, value, from: next };
    return next;
  }

  /** Brings the shared content to this version. */
  #here(): Map<K, V> {
    if (this.#content) return this.#content;
    const path: PersistentMap<K, V>[] = [];
    let version: PersistentMap<K, V> = this;
    while (version.#difference) {
      path.push(version);
      version = version.#difference.from;
    }
    for (const step of path.reverse()) step.#take();
    return this.#content ?? new Map();
  }

  /** Takes the content over from the neighbour, which becomes a difference from this version. */
  #take(): void {
    if (!this.#difference) return;
    const { key, value, from } = this.#difference;
    const content = from.#content;
    if (!content) return;
    from.#difference = { key, value: content.get(key), from: this };
    from.#content = undefined;
    if (value === undefined) content.delete(key);
    else content.set(key, value);
    this.#content = content;
    this.#difference = undefined;
  }
}
