import type { FinishReason } from "ai";
import type { Responses } from "openai/resources/responses/responses";

/** The tokens that OpenAI counted for a response. */
export interface TurnUsage {
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
}

/** How a response ended. */
export interface TurnOutcome {
  status: "completed" | "incomplete" | "failed" | "cancelled";
  finishReason: FinishReason;
  usage?: TurnUsage;
  /** OpenAI's code of a failure, for the log and `publicErrorText`. */
  errorCode?: string | null;
}

/** Returns the outcome of a response that has ended. `refused` is true if the model declined to reply. */
export function readOutcome(response: Responses.Response, refused: boolean): TurnOutcome {
  const usage = readUsage(response);
  switch (response.status) {
    case "completed":
      return { status: "completed", finishReason: refused ? "content-filter" : "stop", usage };
    case "incomplete": {
      const finishReason = refused ? "content-filter" : incompleteReason(response);
      return { status: "incomplete", finishReason, usage };
    }
    case "cancelled":
      return { status: "cancelled", finishReason: "other", usage };
    default: {
      const errorCode = response.error?.code ?? null;
      return { status: "failed", finishReason: "error", errorCode, usage };
    }
  }
}

function incompleteReason(response: Responses.Response): FinishReason {
  switch (response.incomplete_details?.reason) {
    case "max_output_tokens":
      return "length";
    case "content_filter":
      return "content-filter";
    default:
      return "other";
  }
}

/** Returns the tokens that OpenAI counted for a response; undefined when it counted none. */
export function readUsage({ usage }: Responses.Response): TurnUsage | undefined {
  return usage && {
    input_tokens: usage.input_tokens,
    cached_input_tokens: usage.input_tokens_details?.cached_tokens ?? 0,
    cache_write_tokens: usage.input_tokens_details?.cache_write_tokens ?? 0,
    output_tokens: usage.output_tokens,
  };
}
