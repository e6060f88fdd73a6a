import type { FinishReason } from "ai";
import type { Responses } from "openai/resources/responses/responses";

/** Tokens that the provider has counted for a reply. */
export interface TurnUsage {
  input_tokens: number;
  cached_input_tokens: number;
  output_tokens: number;
}

/** How a reply ended, as its terminal event tells it. */
export interface TurnOutcome {
  status: "completed" | "incomplete" | "failed";
  finishReason: FinishReason;
  usage?: TurnUsage;
  /** OpenAI's code, for the log and `publicErrorText`; only of a failure. */
  errorCode?: string | null;
}

/** The events that end a reply. */
export type TerminalEvent =
  | Responses.ResponseCompletedEvent
  | Responses.ResponseIncompleteEvent
  | Responses.ResponseFailedEvent
  | Responses.ResponseErrorEvent;

/** The outcome that a terminal event tells of; `refused` when the model declined to answer. */
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
