/** Memory that the bodies of a process's requests may take together. */
export interface BodyRoom {
  /** For one request, which leaves when what it asked for is done, or nobody waits for it. */
  enter(): BodyPlace;
  /** Bytes that are taken now. */
  taken(): number;
}

export interface BodyPlace {
  /** False: there is no room for so many bytes more, and what was taken for this request is given back. */
  take(bytes: number): boolean;
  leave(): void;
}

/** Each request has a limit of its own; this is the one of all of them, so that many can't end the process. */
export function bodyRoom(mostBytes: number): BodyRoom {
  let taken = 0;
  return {
    taken: () => taken,
    enter() {
      let own = 0;
      let isOut = false;
      const leave = () => {
        isOut = true;
        taken -= own;
        own = 0;
      };
      return {
        take(bytes) {
          if (!isOut && taken + bytes <= mostBytes) {
            own += bytes;
            taken += bytes;
            return true;
          }
          leave();
          return false;
        },
        leave,
      };
    },
  };
}
