/** Numbers that look random and are the same for the same seed. */
export interface Chance {
  /** In [0, 1). */
  number(): number;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** Whole, in [low, high]. */
  whole(low: number, high: number): number;
  /** True so often: 0 never, 1 always. */
  is(probability: number): boolean;
  pick<const Value>(values: readonly [Value, ...Value[]]): Value;
  /** One of them, or undefined for none. */
  some<Value>(values: readonly Value[]): Value | undefined;
  uuid(): string;
}

export function chance(seed: number): Chance {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0;
  /** Mulberry32. */
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (low: number, high: number) => low + Math.floor(number() * (high - low + 1));
  const some = <Value>(values: readonly Value[]) => values[whole(0, values.length - 1)];
  const digits = () =>
    Math.floor(number() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return {
    number,
    whole,
    some,
    between: (low, high) => low + number() * (high - low),
    is: (probability) => number() < probability,
    pick: (values) => some(values) ?? values[0],
    uuid() {
      const [a, b, c, d] = [digits(), digits(), digits(), digits()];
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}
