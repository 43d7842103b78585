import { createServer } from 'node:http';

/** A model that answers at once, and counts. `GET /count` says how many answers it gave. */
const answer = JSON.stringify({
  id: 'chatcmpl-mock',
  object: 'chat.completion',
  created: 1_767_225_600,
  model: 'mock',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'A short answer of a few words.', refusal: null },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 },
});

let answers = 0;
const server = createServer((request, response) => {
  if (request.url === '/count') {
    response.end(String(answers));
    return;
  }
  request.resume().on('end', () => {
    answers += 1;
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer),
    });
    response.end(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.on('disconnect', () => process.exit());
