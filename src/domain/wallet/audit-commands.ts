import type { Recorded } from '../events.ts';
import type { WalletEvent } from './events.ts';
import type { Wrong } from './finding.ts';

/** Within a stream no event occurs twice, and a command is written in one piece (I7). */
export function commandLedger() {
  const ids = new Set<string>();
  const commands = new Set<string>();
  let stream = '';
  let last = '';

  return {
    post(event: Recorded<WalletEvent>): readonly Wrong[] {
      const { id, meta } = event;
      const { commandId } = meta;
      if (event.stream !== stream) {
        // The streams of a wallet are long: a set of them all would not fit into any memory.
        stream = event.stream;
        last = '';
        ids.clear();
        commands.clear();
      }
      const wrongs: Wrong[] = [];
      if (ids.has(id)) wrongs.push({ invariant: 'I7', what: `Event ${id} occurs again.` });
      else if (commandId !== last && commands.has(commandId)) {
        wrongs.push({ invariant: 'I7', what: `Command ${commandId} was written twice.` });
      }
      ids.add(id);
      commands.add(commandId);
      last = commandId;
      return wrongs;
    },
  };
}
