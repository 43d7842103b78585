/** Limits how long an upstream may be silent while somebody waits for it. */
export interface SilenceLimit {
  /** Somebody waits from now on, for at most so long. */
  begin(limitMs: number): void;
  /** Nobody waits: what passes now is not the upstream's fault. */
  pause(): void;
  /** Somebody waits again, in what is left of the same limit. */
  resume(): void;
  end(): void;
}

/** Calls `lost` at most once; one timer serves a whole answer. */
export function silenceLimit(lost: () => void): SilenceLimit {
  let timer: NodeJS.Timeout | undefined;
  let timerMs = 0;
  let isWaiting = false;
  let isOver = false;
  const expired = () => {
    isOver = true;
    if (isWaiting) lost();
  };
  return {
    begin(limitMs) {
      isWaiting = true;
      isOver = false;
      if (timer && timerMs === limitMs) {
        timer.refresh();
        return;
      }
      clearTimeout(timer);
      timerMs = limitMs;
      timer = setTimeout(expired, limitMs);
    },
    pause() {
      isWaiting = false;
    },
    resume() {
      isWaiting = true;
      if (isOver) lost();
    },
    end() {
      isWaiting = false;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
