import { CallFault } from './call-fault.ts';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

/**
 * Fields that name something kept at a provider: in the operator's own account, where it is nobody's to
 * read by its name, and whatever it adds to a request has no bound.
 */
const keeps: ReadonlySet<string> = new Set([
  // OpenAI: files, stores of them, and what was asked before.
  ...['file_id', 'file_ids', 'vector_store_ids', 'container', 'attachments'],
  ...['previous_response_id', 'conversation', 'assistant_id', 'thread_id'],
  // Azure: an index of the operator's, read in the operator's name.
  ...['data_sources', 'dataSources'],
  // Google.
  ...['cached_content', 'cachedContent', 'file_uri', 'fileUri'],
  // OpenRouter: a prompt, models and tools; Ark; BigModel.
  ...['preset', 'context_id', 'knowledge_id'],
]);

const noWish = new Set<unknown>([undefined, null, false]);

/** Clients write that they wish nothing as nothing, or as none of several. */
export const isWish = (value: unknown): boolean =>
  !(noWish.has(value) || (Array.isArray(value) && value.length === 0));

/** Throws for the first of an object's own fields that names something kept; `path` leads to them. */
export function refuseKept(json: Readonly<Json>, path: string): void {
  for (const [field, value] of Object.entries(json)) {
    if (keeps.has(field) && isWish(value)) throw keptElsewhere(`${path}${field}`);
  }
}

const keptElsewhere = (param: string, details: { readonly retryable?: boolean } = {}): CallFault =>
  new CallFault('unsupported_input', `\`${param}\` names what is kept at a provider.`, {
    ...{ ...details, param, why: 'kept_elsewhere', values: { param } },
  });

/** Addresses that lead into an account: Google's `gs://`, DashScope's `oss://`, Moonshot's `ms://`, Ark's `asset://`. */
const inAccount = /^\s*(?!https?:)[a-z][\w+.-]*:\/\//i;

/** Refuses a field's addresses that lead anywhere but into the web, however deep in it they are. */
export function refuseAddresses(field: string, values: readonly unknown[]): void {
  for (const value of values) {
    if (Array.isArray(value)) refuseAddresses(field, value);
    else if (isJson(value)) {
      refuseKept(value, `${field}.`);
      refuseAddresses(field, Object.values(value));
    } else if (typeof value === 'string' && inAccount.test(value)) throw keptElsewhere(field);
  }
}

/** DashScope's models for documents read the files that a text of such a chat names so, by the operator's key. */
const readers = /(^|\/)qwen-(long|doc)/i;
const address = /fileid:\/\//i;

/** Refuses a chat whose texts would be read as names of files by this model; to others they are texts. */
export function refuseFileAddresses({ messages }: Readonly<Json>, model: string): void {
  if (!(readers.test(model) && Array.isArray(messages))) return;
  messages.forEach((message: unknown, index) => {
    const { content } = isJson(message) ? message : {};
    const path = `messages[${index}].content`;
    if (names(content)) throw keptElsewhere(path, { retryable: true });
    if (!Array.isArray(content)) return;
    const part = content.findIndex((each: unknown) => isJson(each) && names(each.text));
    if (part >= 0) throw keptElsewhere(`${path}[${part}]`, { retryable: true });
  });
}

const names = (text: unknown): boolean => typeof text === 'string' && address.test(text);
