import { z } from 'zod';

const ErrorBody = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.string().nullable(),
    param: z.string().nullable(),
    url: z.string().optional(),
  }),
});

/** The error of an answer under `/v1`, with its status. */
export async function errorOf(response: Response) {
  const { error } = ErrorBody.parse(await response.json());
  return { status: response.status, ...error };
}

const Model = z.object({ model: z.string() });

export const modelOf = async (response: Response): Promise<string> =>
  Model.parse(await response.json()).model;

/** The names of its headers that speak of limits. */
export const limitsIn = ({ headers }: Response): readonly string[] =>
  [...headers].filter(([name]) => name.startsWith('x-ratelimit-')).map(([name]) => name);

/** The last event of a stream before its end mark. */
export async function lastChunkOf(response: Response): Promise<unknown> {
  const events = (await response.text()).split('\n\n').filter((each) => each.startsWith('data: {'));
  return JSON.parse((events.at(-1) ?? '').slice('data: '.length));
}
