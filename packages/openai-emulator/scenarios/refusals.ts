import { isUserMessage } from "../answers/read-messages.ts";
import { ApiError, missingStoreFile } from "../http/api-error.ts";
import { missingFiles, UPSTREAM_MARKER } from "../http/fail-request.ts";
import type { InputMessage } from "../wire-types.ts";
import type { Asked, RequestFacts, Scenario } from "./scenario.ts";
import type { ScenarioName } from "./settings.ts";

const ERROR_CODES = "https://platform.openai.com/docs/guides/error-codes";
const RATE_LIMITS = "https://platform.openai.com/docs/guides/rate-limits";
/** The SDK reads `retry-after-ms` first, then `retry-after` as seconds or as a date. */
const RETRY_HEADERS = "https://github.com/openai/openai-node/blob/master/src/client.ts";
/** OpenAI answered 400 in the past; the test of this project follows its change to 404. */
const UNKNOWN_MODEL = "https://github.com/BerriAI/litellm/pull/39457";

type InputPart = InputMessage["content"][number];

/** The refusals for images: an unsupported format, or a content that the safety system rejects. */
const IMAGE_REFUSALS: Record<string, { code: string; message: string }> = {
  unsupported: {
    code: "invalid_image_format",
    message: "You uploaded an unsupported image. Please make sure your image has of one the " +
      "following formats: ['png', 'jpeg', 'gif', 'webp'].",
  },
  unsafe: {
    code: "image_content_policy_violation",
    message: "Your input image may contain content that is not allowed by our safety system.",
  },
};

/** The requests that a scenario refuses. */
const SCOPES = ["responses", "all"] as const;

/** Scenarios that refuse requests. */
export const refusals = {
  model_not_found: {
    source: UNKNOWN_MODEL,
    refuseResponse: unknownModel,
  },
  title_fails: {
    source: UNKNOWN_MODEL,
    refuseResponse: (asked) => asked.isTitle ? unknownModel(asked) : null,
  },
  invalid_key: {
    source: ERROR_CODES,
    refuse: () =>
      new ApiError(
        401,
        `Incorrect API key provided: sk-emula****tor (${UPSTREAM_MARKER}). You can find your API ` +
          "key at https://platform.openai.com/account/api-keys.",
        { code: "invalid_api_key" },
      ),
  },
  insufficient_quota: {
    source: ERROR_CODES,
    takes: ["variant"],
    variants: SCOPES,
    refuse: (request, { variant }) =>
      isInScope(request, variant)
        ? new ApiError(
          429,
          `You exceeded your current quota (${UPSTREAM_MARKER}), please check your plan and ` +
            `billing details. For more information on this error, read the docs: ${ERROR_CODES}.`,
          { type: "insufficient_quota", code: "insufficient_quota" },
        )
        : null,
  },
  retry_after_date: {
    source: RETRY_HEADERS,
    takes: ["seconds"],
    refuse(request, { settings }) {
      if (!createsResponse(request)) return null;
      const date = new Date(Date.now() + 1000 * (settings.seconds ?? 2));
      return rateLimited({ "retry-after": date.toUTCString() });
    },
  },
  retry_after_ms: {
    source: RETRY_HEADERS,
    takes: ["seconds"],
    refuse(request, { settings }) {
      if (!createsResponse(request)) return null;
      return rateLimited({ "retry-after-ms": String(1000 * (settings.seconds ?? 0.2)) });
    },
  },
  rate_limited_for: {
    source: RATE_LIMITS,
    takes: ["seconds", "variant"],
    needs: ["seconds"],
    variants: SCOPES,
    refuse(request, { settings, since, variant }) {
      const rest = since + 1000 * (settings.seconds ?? 0) - Date.now();
      if (rest <= 0 || !isInScope(request, variant)) return null;
      return rateLimited({ "retry-after": String(Math.ceil(rest / 1000)) });
    },
  },
  conversation_items_fail: {
    source: RATE_LIMITS,
    takes: ["n"],
    needs: ["n"],
    refuse: (request, { settings, countCall }) =>
      addsItems(request) && countCall() === settings.n ? rateLimited({}) : null,
  },
  file_404_once: {
    source: "https://platform.openai.com/docs/guides/images-vision",
    takes: ["variant"],
    variants: ["image", "store"],
    times: 1,
    // Right after a file was attached: https://github.com/mkdev-me/terraform-provider-openai/issues/35
    refuseStoreFile: (fileId, storeId, { variant }) =>
      variant === "store" ? missingStoreFile(fileId, storeId) : null,
    refuseResponse(asked, { variant }) {
      if (variant !== "image") return null;
      const ids = listImages(asked).flatMap((image) => image.file_id ?? []);
      return ids.length > 0 ? missingFiles(ids.slice(0, 1)) : null;
    },
  },
  image_refused: {
    source: "https://github.com/STranslate/STranslate/issues/277",
    takes: ["variant"],
    variants: ["unsupported", "unsafe"],
    refuseResponse(asked, { variant }) {
      const refusal = IMAGE_REFUSALS[variant ?? ""];
      if (!refusal || listImages(asked).length === 0) return null;
      return new ApiError(400, refusal.message, { code: refusal.code });
    },
  },
  file_refused: {
    source: "https://github.com/openai/openai-node/issues/1560",
    refuseResponse(asked) {
      const message = "The file type you uploaded is not supported. Please try again with a pdf";
      return listParts(asked, "input_file").length > 0 ? new ApiError(400, message) : null;
    },
  },
} satisfies Partial<Record<ScenarioName, Scenario>>;

function unknownModel({ model }: Asked): ApiError {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return new ApiError(404, message, { code: "model_not_found" });
}

function rateLimited(headers: Record<string, string>): ApiError {
  const message = `Rate limit reached for requests (${UPSTREAM_MARKER}).`;
  return new ApiError(429, message, { type: "requests", code: "rate_limit_exceeded", headers });
}

function createsResponse({ method, path }: RequestFacts): boolean {
  return method === "POST" && path === "/v1/responses";
}

function isInScope(request: RequestFacts, scope: string | undefined): boolean {
  return scope === "all" || createsResponse(request);
}

function addsItems({ method, path }: RequestFacts): boolean {
  return method === "POST" && /^\/v1\/conversations(?:\/[^/]+\/items)?$/.test(path);
}

function listImages(asked: Asked) {
  return listParts(asked, "input_image");
}

function listParts<Type extends InputPart["type"]>({ input }: Asked, type: Type) {
  const isWanted = (part: InputPart): part is Extract<InputPart, { type: Type }> =>
    part.type === type;
  return input.filter(isUserMessage).flatMap(({ content }) => content.filter(isWanted));
}
