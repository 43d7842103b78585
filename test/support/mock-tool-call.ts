const named = { name: 'get_weather' };

/** A message that calls `get_weather`. */
export const callMessage = {
  content: null,
  tool_calls: [
    { id: 'call_1', type: 'function', function: { ...named, arguments: '{"city":"Paris"}' } },
  ],
};

const calling = (args: string, more: object = {}, name: object = {}) => ({
  tool_calls: [{ index: 0, ...more, function: { ...name, arguments: args } }],
});

/** The same as deltas of a stream. */
export const callDeltas = [
  calling('', { id: 'call_1', type: 'function' }, named),
  calling('{"city":'),
  calling('"Paris"}'),
];
