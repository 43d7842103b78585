import { parseJson } from './json.ts';
import { saidIn } from './said-in-error.ts';

/** Whose fault a refusal is, when it isn't the request's: the key's or its account's, or the model's. */
export type OperatorsFault = 'key' | 'model';

const oneOf = (...patterns: readonly string[]) => new RegExp(patterns.join('|'), 'i');

/** Codes and types, as the providers document them. */
const codes: Readonly<Record<OperatorsFault, RegExp>> = {
  key: oneOf(
    // OpenAI, and who copies it; Azure says the same.
    'invalid_api_key|insufficient_quota|billing|account_deactivated|^invalid_organization',
    // Anthropic.
    '^authentication_error$|^permission_error$',
    // DashScope.
    'Arrearage|InvalidApiKey|invalid_api-key|AccessDenied\\.Unpurchased|AllocationQuota\\.FreeTierOnly',
    // Ark.
    'AuthenticationError|AccountOverdue|ServiceOverdue|QuotaExceeded\\b',
    // BigModel: who one is (1000 to 1004), and the account (1110 to 1121, 1309).
    '^(100[0-4]|111[0-3]|112[01]|1309)$',
    // Gemini.
    'API_KEY_INVALID|API_KEY_SERVICE_BLOCKED|PERMISSION_DENIED|FAILED_PRECONDITION|BILLING_DISABLED',
    // SiliconFlow: the balance.
    '^(30001|30011)$',
    'CreditsError|payment_required',
  ),
  model: oneOf(
    'model_?not_?found|model_not_available|invalid_model|^not_found_error$',
    'DeploymentNotFound|OperationNotSupported|unsupported_api_version',
    'InvalidEndpoint|ModelNotOpen|ServiceNotOpen|UnsupportedModel|ModelIDAccessDisabled',
    // BigModel and SiliconFlow: there is no such model.
    '^(1211|1220|1221|1222|20012)$',
  ),
};

/** Words, where there is no code or one that says too little: xAI, Anthropic, Gemini, OpenRouter. */
const words: Readonly<Record<OperatorsFault, RegExp>> = {
  key: oneOf(
    'incorrect api key|invalid api key|api key not valid|api key (has )?expired|no auth credentials',
    'credit balance|insufficient (account )?balance|not enough credits|purchase (more )?credits',
    `spending limit|overdue|good standing|usage limits?[^.]*(reach|exceed)|doesn't have any credits`,
    'user location is not supported|余额不足|欠费|无可用资源包',
  ),
  model: oneOf(
    'deployment [^.]{0,200}(does not|doesn.t) exist',
    'model ([^ ]{1,200} )?(does not|doesn.t|not) exist|model [^ ]{1,200} (is )?not found',
    'is not a valid model id|not found for api version|no endpoints found|模型不存在',
    'does not work with the specified model|is not supported with this model|model [^ ]{1,200} is deprecated',
  ),
};

/** Longer texts quote the request, and a quotation blames nobody. */
const mostCharacters = 500;

/**
 * Undefined: the answer speaks of the request, or of nothing that is known. Words that the request
 * says itself, which `isQuoted` knows, count for nothing: else any member could blame the key.
 */
export function operatorsFault(
  body: string,
  isQuoted: (said: string) => boolean = () => false,
): OperatorsFault | undefined {
  const { said, named } = saidIn(parseJson(body));
  const message = said.slice(0, mostCharacters);
  for (const fault of ['key', 'model'] as const) {
    if (named.some((code) => codes[fault].test(code))) return fault;
    const [worded] = words[fault].exec(message) ?? [];
    if (worded !== undefined && !isQuoted(worded)) return fault;
  }
  return undefined;
}
