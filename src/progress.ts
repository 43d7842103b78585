import { Presets, SingleBar } from 'cli-progress';

/** Tells a person how far a long step is. */
export interface Progress {
  /** Begins a step of so many parts; what was begun before is over. */
  begin(what: string, total: number, unit: string): void;
  /** So many parts are done in all; where parts are no count, so many of what is counted. */
  reached(done: number, counted?: number): void;
  end(): void;
  say(line: string): void;
}

export interface ProgressParts {
  readonly output: NodeJS.WriteStream;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

interface Step {
  readonly what: string;
  readonly total: number;
  readonly unit: string;
  readonly since: number;
  done: number;
  counted: number;
  told: number;
}

const tellEveryMs = 5_000;

/** A bar on a terminal, lines for a log. */
export function progress({ output, now }: ProgressParts): Progress {
  const say = (line: string) => output.write(`${line}\n`);
  const bar = output.isTTY ? newBar(output) : undefined;
  let step: Step | undefined;

  const rate = ({ counted, since }: Step) =>
    Math.round(counted / Math.max(0.001, (now() - since) / 1e3));
  const percent = ({ done, total }: Step) => (total === 0 ? 100 : Math.floor((100 * done) / total));

  const end = () => {
    if (!step) return;
    bar?.stop();
    const took = ((now() - step.since) / 1_000).toFixed(1);
    if (!bar) say(`${step.what}: ${step.done} ${step.unit} in ${took} s`);
    step = undefined;
  };

  const tell = (current: Step) => {
    if (now() - current.told < tellEveryMs) return;
    current.told = now();
    const perSecond = rate(current);
    const { done, total, since } = current;
    const left = done === 0 ? '?' : Math.ceil(((now() - since) / 1e3 / done) * (total - done));
    const of = `${current.done} of ${current.total} ${current.unit}`;
    say(`${current.what}: ${percent(current)} %, ${of}, ${perSecond}/s, ${left} s left`);
  };

  return {
    say,
    end,
    begin(what, total, unit) {
      end();
      const since = now();
      step = { what, total, unit, since, done: 0, counted: 0, told: since };
      if (bar) bar.start(total, 0, { what, unit, rate: 0 });
      else say(`${what}: ${total} ${unit}`);
    },
    reached(done, counted = done) {
      if (!step) return;
      step.done = done;
      step.counted = counted;
      if (bar) bar.update(done, { rate: rate(step) });
      else tell(step);
    },
  };
}

const newBar = (stream: NodeJS.WriteStream): SingleBar =>
  new SingleBar(
    {
      stream,
      format:
        '{what} {bar} {percentage} % | {value}/{total} {unit} | {rate}/s | {eta_formatted} left',
      hideCursor: true,
      etaBuffer: 100,
    },
    Presets.shades_classic,
  );
