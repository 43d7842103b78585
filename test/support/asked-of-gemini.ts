import { z } from 'zod';

const Part = z.strictObject({
  text: z.string().min(1).optional(),
  inlineData: z.strictObject({ mimeType: z.string(), data: z.base64() }).optional(),
  functionCall: z
    .strictObject({ id: z.string(), name: z.string(), args: z.looseObject({}) })
    .optional(),
  functionResponse: z
    .strictObject({ id: z.string(), name: z.string(), response: z.looseObject({}) })
    .optional(),
  thoughtSignature: z.string().optional(),
});
const Parts = z.array(Part).min(1);

/** What Gemini insists on in every request: it refuses names that it doesn't know. */
export const Asked = z.strictObject({
  contents: z.array(z.strictObject({ role: z.enum(['user', 'model']), parts: Parts })).min(1),
  systemInstruction: z.strictObject({ parts: Parts }).optional(),
  tools: z
    .array(z.strictObject({ functionDeclarations: z.array(z.looseObject({ name: z.string() })) }))
    .optional(),
  toolConfig: z.strictObject({ functionCallingConfig: z.looseObject({}) }).optional(),
  generationConfig: z.strictObject({
    maxOutputTokens: z.int().min(1),
    candidateCount: z.int().min(1).max(8).optional(),
    temperature: z.number().min(0).max(2).optional(),
    topP: z.number().optional(),
    topK: z.int().optional(),
    presencePenalty: z.number().optional(),
    frequencyPenalty: z.number().optional(),
    seed: z.int32().optional(),
    stopSequences: z.array(z.string()).max(5).optional(),
    responseLogprobs: z.boolean().optional(),
    logprobs: z.int().min(0).max(20).optional(),
    responseMimeType: z.string().optional(),
    responseJsonSchema: z.looseObject({}).optional(),
    thinkingConfig: z.looseObject({}).optional(),
  }),
});
export type AskedOfGemini = z.infer<typeof Asked>;
