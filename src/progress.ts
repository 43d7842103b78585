import { Presets, SingleBar } from 'cli-progress';

export interface Shown {
  /** How much is done, in the unit of the whole. */
  at(done: number, counted: number): void;
  end(): void;
}

const lineEveryMs = 2_000;

/**
 * Shows how far something long has come: percent, how many a second, and the time left; as a bar on a
 * terminal, else as a line every two seconds.
 */
export function progress(
  what: { readonly name: string; readonly unit: string; readonly whole: number },
  out: NodeJS.WriteStream = process.stderr,
): Shown {
  const started = performance.now();
  const rateOf = (counted: number) =>
    Math.round((counted * 1_000) / Math.max(1, performance.now() - started));
  return out.isTTY ? bar(what, out, rateOf) : lines(what, out, rateOf);
}

type What = Parameters<typeof progress>[0];

function bar({ name, unit, whole }: What, stream: NodeJS.WriteStream, rateOf: RateOf): Shown {
  const shown = new SingleBar(
    {
      stream,
      format: `${name} {bar} {percentage} %  {rate} ${unit}/s  {eta_formatted} left`,
      hideCursor: true,
      etaBuffer: 50,
    },
    Presets.shades_classic,
  );
  shown.start(Math.max(1, whole), 0, { rate: 0 });
  return {
    at: (done, counted) => shown.update(done, { rate: rateOf(counted) }),
    end() {
      shown.update(Math.max(1, whole));
      shown.stop();
    },
  };
}

type RateOf = (counted: number) => number;

function lines({ name, unit, whole }: What, out: NodeJS.WriteStream, rateOf: RateOf): Shown {
  const started = performance.now();
  let last = started;
  const line = (done: number, counted: number) => {
    const share = whole <= 0 ? 1 : Math.min(1, done / whole);
    const left = share === 0 ? '?' : ((performance.now() - started) / share) * (1 - share);
    const seconds = typeof left === 'number' ? Math.round(left / 1_000) : left;
    out.write(
      `${name} ${Math.floor(share * 100)} %  ${rateOf(counted)} ${unit}/s  ${seconds} s left\n`,
    );
  };
  let most = 0;
  return {
    at(done, counted) {
      most = counted;
      if (performance.now() - last < lineEveryMs) return;
      last = performance.now();
      line(done, counted);
    },
    end: () => line(whole, most),
  };
}
