import type { FinishReason } from "ai";
import type { Responses } from "openai/resources/responses/responses";

/** The tokens that OpenAI counted for a response. */
export interface TurnUsage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
}

/** How a response ended, from its terminal event. */
export interface TurnOutcome {
  status: "completed" | "incomplete" | "failed";
  finishReason: FinishReason;
  usage?: TurnUsage;
  /** OpenAI's code of a failure, for the log and `publicErrorText`. */
  errorCode?: string | null;
}

/** The events that end a response. */
export type TerminalEvent =
  | Responses.ResponseCompletedEvent
  | Responses.ResponseIncompleteEvent
  | Responses.ResponseFailedEvent
  | Responses.ResponseErrorEvent;

/** Returns the outcome of a terminal event. `refused` is true if the model declined to reply. */
export function readOutcome(event: TerminalEvent, refused: boolean): TurnOutcome {
  switch (event.type) {
    case "response.completed":
      return {
        status: "completed",
        finishReason: refused ? "content-filter" : "stop",
        usage: readUsage(event.response),
      };
    case "response.incomplete":
      return {
        status: "incomplete",
        finishReason: refused ? "content-filter" : incompleteReason(event.response),
        usage: readUsage(event.response),
      };
    case "response.failed":
      return {
        status: "failed",
        finishReason: "error",
        errorCode: event.response.error?.code ?? null,
        usage: readUsage(event.response),
      };
    case "error":
      return { status: "failed", finishReason: "error", errorCode: event.code };
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
    output_tokens: usage.output_tokens,
  };
}
