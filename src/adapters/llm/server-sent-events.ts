/** Takes bytes, however they are split, and gives the data of the events that are complete. */
export interface ServerSentEvents {
  push(bytes: Uint8Array): readonly string[];
  /** What stands after the last line end counts as a line, its event as complete. */
  end(): readonly string[];
}

/** No event is larger; a server that sends one is broken. */
const mostCharacters = 64 * 1_024 * 1_024;

/** The `text/event-stream` format, data only: any of its three line ends, comments skipped. */
export function serverSentEvents(): ServerSentEvents {
  const decoder = new TextDecoder();
  const linesOf = lineSplitter();
  const eventOf = eventAssembler();
  const take = (text: string): readonly string[] => {
    const events: string[] = [];
    for (const line of linesOf(text)) {
      const event = eventOf(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  };
  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => take(`${decoder.decode()}\n\n`),
  };
}

/** Takes lines; gives the data of the event that a blank one ends. */
function eventAssembler(): (line: string) => string | undefined {
  let data: string[] = [];
  let length = 0;
  const add = (text: string) => {
    length += text.length + 1;
    if (length > mostCharacters) throw new RangeError('An event is too long.');
    data.push(text);
  };
  return (line) => {
    if (line.startsWith('data:')) add(line.slice(line[5] === ' ' ? 6 : 5));
    else if (line === 'data') add('');
    if (line !== '' || data.length === 0) return undefined;
    const event = data.join('\n');
    data = [];
    length = 0;
    return event;
  };
}

/** Gives the lines that a text completes, and keeps the rest for the next one. */
function lineSplitter(): (text: string) => readonly string[] {
  /** Parts of the open line, joined once, so that a huge line in small pieces stays cheap. */
  let open: string[] = [];
  let openLength = 0;
  let endedInReturn = false;

  const keep = (text: string) => {
    openLength += text.length;
    open.push(text);
  };
  /** At the next text only: lines that were whole before it have been given. */
  const refuseEndless = () => {
    if (openLength > mostCharacters) throw new RangeError('A line is too long.');
  };
  const closed = (text: string): string => {
    const line = open.length === 0 ? text : open.join('') + text;
    open = [];
    openLength = 0;
    return line;
  };

  return (given) => {
    refuseEndless();
    if (given === '') return [];
    const text = endedInReturn && given.startsWith('\n') ? given.slice(1) : given;
    endedInReturn = given.endsWith('\r');
    const lines = text.includes('\r') ? text.split(/\r\n|\r|\n/) : text.split('\n');
    const rest = lines.pop() ?? '';
    if (lines[0] !== undefined) lines[0] = closed(lines[0]);
    if (rest !== '') keep(rest);
    return lines;
  };
}
