// The one table of OpenAI's errors: Parley's code, whose problem it is, and whether a retry helps.
import type { ResponseError } from "openai/resources/responses/responses";

/** The codes with which Parley reports that OpenAI refused or failed a request. */
export const failureCodes = [
  "provider_error",
  "provider_busy",
  "provider_misconfigured",
  "provider_timeout",
  "content_filtered",
  "context_too_long",
  "image_refused",
  "internal",
] as const;

/** A code of `failureCodes`. */
export type FailureCode = (typeof failureCodes)[number];

/** The properties of OpenAI's error that the table reads. An `APIError` has them, and so has `response.error`. */
export interface ErrorFacts {
  code?: string | null;
  type?: string | null;
  param?: string | null;
  message?: string;
  status?: number;
}

/** An error that the user or OpenAI can end. */
interface PlainRule {
  code: Exclude<FailureCode, "provider_misconfigured" | "internal">;
  owner: "user" | "provider";
  /** Whether the same request can succeed a moment later, so that `retryOnce` repeats it. */
  retry: boolean;
}

/** An error that only the operator of Parley can end. */
interface OperatorRule {
  code: "provider_misconfigured";
  owner: "operator";
  retry: false;
  /** The stable name of the cause. */
  cause: string;
  /** Returns one sentence that says what to change. It contains nothing of OpenAI's text but names. */
  fix(error: ErrorFacts): string;
}

/** A row of the table. */
export type ErrorRule = PlainRule | OperatorRule;

/** Every error without a row of its own, such as a 400 about a parameter that Parley should not have sent. */
const REFUSED: PlainRule = { code: "provider_error", owner: "provider", retry: false };
const FAILED: PlainRule = { code: "provider_error", owner: "provider", retry: true };
const BUSY: PlainRule = { code: "provider_busy", owner: "provider", retry: true };
/** The lock lasts as long as another response, so the turn itself waits for it. */
const LOCKED: PlainRule = { code: "provider_busy", owner: "provider", retry: false };
const TIMEOUT: PlainRule = { code: "provider_timeout", owner: "provider", retry: true };
const FILTERED: PlainRule = { code: "content_filtered", owner: "user", retry: false };
const TOO_LONG: PlainRule = { code: "context_too_long", owner: "user", retry: false };
const IMAGE: PlainRule = { code: "image_refused", owner: "user", retry: false };

const KEY = operator("key_rejected", "Set OPENAI_API_KEY to a valid key.");
const PERMISSION = operator(
  "permission_missing",
  "Give the key in OPENAI_API_KEY all permissions of its OpenAI project.",
);
const CREDIT = operator(
  "credit_exhausted",
  "Add credit to the OpenAI project, or raise its limit.",
);
const ACCOUNT = operator(
  "account_inactive",
  "Activate the OpenAI account of OPENAI_API_KEY and its billing.",
);
const MODEL = operator("model_unavailable", (error) => {
  const model = nameOfModel(error);
  return model
    ? `An assistant uses the model ${model}, which this key cannot use: change assistants.model.`
    : "An assistant uses a model that this key cannot use: change assistants.model.";
});
const UNVERIFIED = operator(
  "organization_unverified",
  "Verify the organization in the settings of OpenAI, or change assistants.model.",
);
const SETTING = operator("setting_unsupported", ({ param }) => {
  // The path of a parameter, such as `reasoning.effort`.
  return param && /^[a-z][\w.[\]]{0,60}$/.test(param)
    ? `The model of an assistant does not support ${param}: change the settings of the assistant.`
    : "The model of an assistant does not support its settings: change the assistant.";
});
const TIER = operator(
  "service_tier_refused",
  "Allow the service tier in the settings of the OpenAI project.",
);
const REGION = operator(
  "region_unsupported",
  "Run the functions in a region that OpenAI supports.",
);
const ADDRESS = operator(
  "address_refused",
  "Add the addresses of the functions to the IP allowlist of the OpenAI project.",
);
const RESIDENCY = operator(
  "residency_mismatch",
  "Set OPENAI_BASE_URL to the address of the region in which the OpenAI project stores data.",
);

/**
 * Errors that have no code of their own.
 * - Verification: https://github.com/continuedev/continue/issues/9678 (400 `unsupported_value`), and
 *   https://github.com/danny-avila/LibreChat/issues/7323 (404).
 * - A request that is larger than the tokens a minute never succeeds: https://github.com/Aider-AI/aider/issues/1880
 *   (429 `rate_limit_exceeded`).
 * - The Responses API refuses a temperature without a code:
 *   https://github.com/ThinkInAIXYZ/deepchat/issues/655 (400).
 * - The images of a request may have 50 MB in all: "Total image size is 50.56MB, which exceeds …" (400).
 * - The service tier: https://developers.openai.com/api/docs/guides/error-codes
 */
const BY_MESSAGE: [pattern: RegExp, rule: ErrorRule][] = [
  [/organization must be verified/i, UNVERIFIED],
  [/^(?:\d{3} )?request too large/i, TOO_LONG],
  [/total image size is/i, IMAGE],
  [/^(?:\d{3} )?unsupported (?:parameter|value)/i, SETTING],
  [/invalid service_tier/i, TIER],
];

/** The codes of a failed response. A code that the `openai` package adds and this map lacks does not compile. */
const BY_RESPONSE_ERROR: Record<ResponseError["code"], ErrorRule> = {
  server_error: FAILED,
  rate_limit_exceeded: BUSY,
  // OpenAI flagged the prompt as a violation of its usage policy: https://github.com/usestrix/strix/issues/1162
  invalid_prompt: FILTERED,
  data_residency_mismatch: RESIDENCY,
  bio_policy: FILTERED,
  misalignment_policy_violation: FILTERED,
  vector_store_timeout: TIMEOUT,
  invalid_image: IMAGE,
  invalid_image_format: IMAGE,
  invalid_base64_image: IMAGE,
  invalid_image_url: IMAGE,
  image_too_large: IMAGE,
  image_too_small: IMAGE,
  image_parse_error: IMAGE,
  image_content_policy_violation: FILTERED,
  invalid_image_mode: IMAGE,
  image_file_too_large: IMAGE,
  unsupported_image_media_type: IMAGE,
  empty_image_file: IMAGE,
  failed_to_download_image: IMAGE,
  image_file_not_found: IMAGE,
};

/**
 * Other values of `code`, and of `type` where the code is missing or unknown.
 * Sources: https://developers.openai.com/api/docs/guides/error-codes,
 * https://help.openai.com/en/articles/6614457-troubleshooting-api-usage-and-spend-limits, the codes of a failed agent
 * in the `openai` package (`resources/beta/agents/agents.d.ts`), and the issues named here.
 */
const BY_NAME: Record<string, ErrorRule> = {
  slow_down: BUSY,
  // https://github.com/anomalyco/opencode/issues/25884
  server_is_overloaded: BUSY,
  server_overloaded: BUSY,
  service_unavailable_error: BUSY,
  rate_limit_error: BUSY,
  requests: BUSY,
  tokens: BUSY,
  // https://github.com/paulgmiller/careme/issues/379
  conversation_locked: LOCKED,
  // https://github.com/dyad-sh/dyad/issues/1672
  context_length_exceeded: TOO_LONG,
  // https://github.com/VectorlyApp/bluebox/issues/31
  string_above_max_length: TOO_LONG,
  // https://github.com/yuji-hatakeyama/opencode-gpt-imagegen/pull/82
  invalid_image_file: IMAGE,
  content_filter: FILTERED,
  content_policy_violation: FILTERED,
  moderation_blocked: FILTERED,
  cyber_policy: FILTERED,
  invalid_api_key: KEY,
  authentication_error: KEY,
  // https://github.com/Wei-Shaw/sub2api/issues/1566
  missing_scope: PERMISSION,
  insufficient_permissions: PERMISSION,
  permission_error: PERMISSION,
  insufficient_quota: CREDIT,
  credit_balance_exhausted: CREDIT,
  organization_spend_limit_exceeded: CREDIT,
  organization_usage_limit_exceeded: CREDIT,
  project_spend_limit_exceeded: CREDIT,
  // https://github.com/all-in-aigc/aiwallpaper/issues/2
  billing_hard_limit_reached: CREDIT,
  billing_not_active: ACCOUNT,
  account_deactivated: ACCOUNT,
  // https://github.com/Aider-AI/aider/issues/604
  model_not_found: MODEL,
  // https://github.com/giselles-ai/giselle/pull/729: models that reason take no `temperature`.
  unsupported_parameter: SETTING,
  unsupported_value: SETTING,
  // https://github.com/home-assistant/core/issues/120072
  unsupported_country_region_territory: REGION,
  ip_not_authorized: ADDRESS,
};

const NAMES = new Map(Object.entries({ ...BY_RESPONSE_ERROR, ...BY_NAME }));

/** Statuses of errors with an unknown `code` and `type`. The client of the `openai` package repeats a 408 and a 409. */
const BY_STATUS = new Map<number, ErrorRule>([
  [401, KEY],
  [403, PERMISSION],
  [408, TIMEOUT],
  [409, BUSY],
  [413, TOO_LONG],
  [429, BUSY],
  [503, BUSY],
]);

/** Returns the row of an error of OpenAI. The code goes before the type, and both go before the status. */
export function findRule(error: ErrorFacts): ErrorRule {
  const { message = "", status = 0 } = error;
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ??
    NAMES.get(error.code ?? "") ??
    NAMES.get(error.type ?? "") ??
    BY_STATUS.get(status) ??
    (status >= 500 ? FAILED : REFUSED);
}

function operator(cause: string, fix: string | OperatorRule["fix"]): OperatorRule {
  return {
    code: "provider_misconfigured",
    owner: "operator",
    retry: false,
    cause,
    fix: typeof fix === "string" ? () => fix : fix,
  };
}

/** Returns the model that OpenAI's message names, such as "The model `gpt-x` does not exist or …". Never a key. */
function nameOfModel({ message = "" }: ErrorFacts): string | undefined {
  return /\bmodel [`'"]((?!sk-)[a-z0-9][\w.:/-]{0,99})[`'"]/i.exec(message)?.[1];
}
