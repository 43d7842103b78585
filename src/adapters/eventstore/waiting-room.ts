/** Somebody who gives up at a moment of the clock that never goes back. */
export interface Patient {
  readonly untilMs: number;
  giveUp(): void;
}

export interface WaitingRoom {
  enter(patient: Patient): void;
  leave(patient: Patient): void;
}

/**
 * One timer for all who are equally patient: most of them leave long before they would give up.
 * It keeps the process alive while somebody waits, and only then.
 */
export function waitingRoom(): WaitingRoom {
  // Whoever came first is first in the set, and gives up first.
  const patients = new Set<Patient>();
  let timer: NodeJS.Timeout | undefined;

  const wakeAt = (untilMs: number) => {
    timer = setTimeout(look, Math.max(1, Math.ceil(untilMs - performance.now())));
    if (patients.size === 0) timer.unref();
  };

  function look() {
    timer = undefined;
    for (const patient of patients) {
      if (patient.untilMs > performance.now()) return wakeAt(patient.untilMs);
      patients.delete(patient);
      patient.giveUp();
    }
  }

  return {
    enter(patient) {
      patients.add(patient);
      if (!timer) wakeAt(patient.untilMs);
      else if (patients.size === 1) timer.ref();
    },
    leave(patient) {
      patients.delete(patient);
      if (patients.size === 0) timer?.unref();
    },
  };
}
