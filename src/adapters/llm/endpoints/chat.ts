import { withUsualMarks } from '../cache-marks.ts';
import { withGoogleSignatures } from '../call-signature.ts';
import { hasFiles } from '../chat-files.ts';
import { spokenIn, withSoundAddresses } from '../chat-sounds.ts';
import { inputOf } from '../input.ts';
import { isJson } from '../json.ts';
import { refuseFileAddresses } from '../kept-elsewhere.ts';
import { completeShape } from '../openai-shape.ts';
import { plainRequest } from '../plain-request.ts';
import type { Json } from '../upstream.ts';
import { calledIn, changeWritten } from '../written.ts';
import type { Endpoint, Spelling } from './endpoint.ts';
import { chatTokens } from './measure.ts';
import { writing } from './plain.ts';
import { withUsage } from './with-usage.ts';

/** A choice writes into a delta or a message. */
export const chat: Endpoint = {
  ...writing,
  path: '/chat/completions',
  measures: [chatTokens],
  idPrefix: 'chatcmpl-',
  inputOf,
  bodyOf({ body: given, extended, model, stream, maxOutput }, spelling) {
    const body = spelled(extended ? plainRequest(given, model) : withUsualMarks(given), spelling);
    refuseFileAddresses(body, model);
    const { max_tokens: _, max_completion_tokens: __, ...rest } = body;
    return withUsage({ ...rest, model, [spelling.outputLimit]: maxOutput }, stream);
  },
  namesIn({ delta, message }) {
    const written = delta ?? message;
    return isJson(written) ? calledIn(written).map(({ name }) => name) : [];
  },
  changeText({ delta, message }, change) {
    const written = delta ?? message;
    if (isJson(written)) changeWritten(written, change);
  },
  soundIn({ delta, message }) {
    const written = delta ?? message;
    return isJson(written) ? spokenIn(written) : undefined;
  },
  complete: completeShape,
};

/** OpenRouter's words; else it may have a PDF read by a service that is paid by the page. */
const readByModel = [{ id: 'file-parser', pdf: { engine: 'native' } }];

function spelled(
  given: Readonly<Json>,
  { soundsAs, signaturesAs, filesReadBy }: Spelling,
): Readonly<Json> {
  const body =
    filesReadBy === 'model' && hasFiles(given) ? { ...given, plugins: readByModel } : given;
  const heard = soundsAs === 'data_url' ? withSoundAddresses(body) : body;
  return signaturesAs === 'google' ? withGoogleSignatures(heard) : heard;
}
