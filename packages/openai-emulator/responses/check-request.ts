import { ApiError } from "../http/api-error.ts";
import { openHistory } from "./open-history.ts";
import { checkTools } from "./check-tools.ts";
import type { EmulatorState } from "../state.ts";
import { checkItems } from "./check-items.ts";
import { findFamily } from "./model-families.ts";
import type { CreateResponse } from "./request-schemas.ts";

/**
 * Refuses a request whose parameters contradict each other, the state or the model. As at OpenAI, the state
 * comes before the model. Throws OpenAI's 400, or its 404 for a conversation or an item that does not exist.
 */
export function checkRequest(state: EmulatorState, params: CreateResponse): void {
  if (params.model === "") {
    const details = { param: "model", code: "model_not_found" };
    throw new ApiError(400, "The requested model '' does not exist.", details);
  }
  refuseContradictions(params);
  checkTools(params);
  const history = continueFrom(state, params);
  refuseEmptyInput(params);
  checkItems(state, params.input, history);
  refuseForModel(params);
}

function refuseContradictions(params: CreateResponse): void {
  // See https://github.com/BerriAI/litellm/issues/5803.
  if (params.stream_options && !params.stream) {
    throw new ApiError(
      400,
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      { param: "stream_options" },
    );
  }
  // OpenAI's guide now lets such a response run, and deletes it after about 10 minutes
  // (https://developers.openai.com/api/docs/guides/background). The emulator does not keep responses with
  // `store: false`, so nobody could read one.
  if (params.background && params.store === false) {
    const details = { param: "background", code: "invalid_value" };
    throw new ApiError(
      400,
      "Invalid 'background': background mode requires 'store' to be true",
      details,
    );
  }
}

/** Returns the items that the request continues; refuses contradictions and prompts, which do not exist here. */
function continueFrom(state: EmulatorState, params: CreateResponse) {
  const { conversation, previous_response_id: previous, prompt } = params;
  // This message and the order of the checks: https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter
  if (conversation && previous) {
    throw new ApiError(
      400,
      "Mutually exclusive parameters: ''. " +
        "Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
      { code: "mutually_exclusive_parameters" },
    );
  }
  const history = openHistory(state, params);
  if (prompt) throw new ApiError(404, `Prompt with id '${prompt.id}' not found.`);
  return history;
}

function refuseEmptyInput(params: CreateResponse): void {
  if (params.input.length > 0 || params.conversation || params.previous_response_id) return;
  throw new ApiError(
    400,
    `One of "input" or "previous_response_id" or 'prompt' or 'conversation' must be provided.`,
    { code: "missing_required_parameter" },
  );
}

function refuseForModel(params: CreateResponse): void {
  const { model, reasoning } = params;
  const family = findFamily(model);
  if (!family) return;
  const effort = reasoning?.effort;
  if (family.efforts.length === 0) refuseReasoning(params);
  else if (effort && !family.efforts.includes(effort)) {
    // See https://github.com/anomalyco/opencode/issues/4451.
    const supported = new Intl.ListFormat("en").format(family.efforts.map((value) => `'${value}'`));
    throw new ApiError(
      400,
      `Unsupported value: '${effort}' is not supported with the '${model}' model. ` +
        `Supported values are: ${supported}.`,
      { param: "reasoning.effort", code: "unsupported_value" },
    );
  }
  const thinks = family.efforts.length > 0 && (effort ?? family.usualEffort) !== "none";
  if (thinks) refuseSampling(params);
}

/** See https://github.com/BerriAI/litellm/pull/38842. */
function refuseReasoning({ reasoning }: CreateResponse): void {
  const name = (["effort", "summary"] as const).find((key) => reasoning?.[key] != null);
  if (name) throw unsupported(`reasoning.${name}`, "unsupported_parameter");
}

/**
 * Refuses parameters for sampling, which a model does not take while it reasons. A temperature of 1 is no
 * change (https://github.com/BerriAI/litellm/pull/39631, https://github.com/danielmiessler/Fabric/issues/1678).
 * GPT-5.1 and later take all of them with the effort `none` (https://github.com/vercel/ai/issues/10932).
 */
function refuseSampling({ temperature, top_p, include, top_logprobs }: CreateResponse): void {
  if (temperature != null && temperature !== 1) throw unsupported("temperature", null);
  if (top_p != null) throw unsupported("top_p", null);
  const asksFor = include?.includes("message.output_text.logprobs") ? "include" : "top_logprobs";
  if (asksFor === "top_logprobs" && !top_logprobs) return;
  const details = { param: asksFor, code: "unsupported_parameter" };
  throw new ApiError(400, "logprobs are not supported with reasoning models.", details);
}

function unsupported(param: string, code: string | null): ApiError {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return new ApiError(400, message, { param, code });
}
