import type { Responses } from "openai/resources/responses/responses";
import type { AnswerPlan } from "../answers/answer-plan.ts";
import type { ApiError } from "../http/api-error.ts";
import type { Item, WireStoreFile } from "../wire-types.ts";
import type { ScenarioParameter, ScenarioSettings } from "./settings.ts";

/** Something that OpenAI does and that a client must survive. Each function says which requests it changes. */
export interface Scenario {
  /** The address of the documentation or of a report. */
  source: string;
  /** The parameters that the scenario reads; `times` is always among them. */
  takes?: readonly ScenarioParameter[];
  /** The parameters that must be set. */
  needs?: readonly ScenarioParameter[];
  /** The forms of the scenario; the first is the default. */
  variants?: readonly [string, ...string[]];
  /** The default of `times`. */
  times?: number;
  /** Refuses a request to any path; null accepts it. */
  refuse?(request: RequestFacts, command: Command): ApiError | null;
  /** Refuses a valid request for a response; null accepts it. */
  refuseResponse?(asked: Asked, command: Command): ApiError | null;
  /** Changes a response and its first stream; null leaves them as they are. */
  respond?(asked: Asked, command: Command): Effect | null;
  /** Changes a later stream of a stored response, or refuses it. */
  attach?(command: Command): StreamFault | ApiError;
  /** Refuses to show a file that is attached to a vector store; null shows it. */
  refuseStoreFile?(fileId: string, storeId: string, command: Command): ApiError | null;
  /** Makes the first `failing` files of a file batch fail, and perhaps the batch. */
  failBatch?(files: number, command: Command): BatchFault;
}

/** The commanded scenario with its parameters. */
export interface Command {
  settings: ScenarioSettings;
  /** The commanded form, or the default one. */
  variant: string | undefined;
  /** The time of the command, in milliseconds since 1970. */
  since: number;
  /** Counts a matching request and returns its number, from 1. */
  countCall(): number;
}

/** A request to any path. */
export interface RequestFacts {
  method: string;
  path: string;
}

/** A request for a response. */
export interface Asked {
  model: string;
  /** Whether `metadata.purpose` is `title`. */
  isTitle: boolean;
  streamed: boolean;
  /** Whether OpenAI may drop old items if the input is too long. */
  truncates: boolean;
  wantsSummary: boolean;
  /** False if `tool_choice` forbids calls. */
  mayCall: boolean;
  tools: readonly Responses.Tool[];
  /** The items that the request continues. */
  history: readonly Item[];
  input: readonly Item[];
  /** Returns the estimated tokens of the instructions, the conversation and the input. */
  countInput(): number;
}

/** The changes to a response and to the stream of the request that creates it. */
export interface Effect {
  course?: Course;
  stream?: StreamFault;
}

/** The changes to how a response is generated. */
export interface Course {
  /** Returns the output items instead of those of `plan`. */
  plan?(plan: AnswerPlan): AnswerPlan;
  /** The time before the first token, in milliseconds. */
  delayMs?: number;
  /** The point at which the output stops. */
  stopAt?: Point;
  ending?: Ending;
  /** Whether the response loses its output if it is cancelled. */
  losesOutput?: boolean;
  /** Whether the conversation keeps the input and the output although the response does not complete. */
  keepsItems?: boolean;
}

/** A point of a stream. */
export interface Point {
  after: NonNullable<ScenarioSettings["after"]>;
  /** The number of deltas before the point, if `after` is `text` or `arguments`. */
  n: number;
}

/**
 * How a response ends. A failure may send an error event before `response.failed`. A response that never ends
 * stays in progress until it is cancelled.
 */
export type Ending =
  | { status: "completed" }
  | { status: "failed"; error: { code: string; message: string }; sendsError?: boolean }
  | { status: "incomplete"; reason: "max_output_tokens" | "content_filter" }
  | { status: "never"; endsStreams: boolean };

/** The changes to one stream of a response. */
export interface StreamFault {
  cut?: Cut;
  /** Whether each event is sent twice. */
  repeats?: boolean;
  /** Whether the bytes arrive in pieces that end inside of lines and of characters. */
  splits?: boolean;
}

/** A fault at a point of a stream. */
export interface Cut {
  at: Point;
  /** Returns a frame for the point; `sequence` is the number after that of the last event. */
  frame?(sequence: number): string;
  then: "end" | "silence";
}

/** The result of a file batch that does not fully succeed. */
export interface BatchFault {
  failing: number;
  /** The code of `last_error` of the files that fail. */
  code?: NonNullable<WireStoreFile["last_error"]>["code"];
  /** All files of a cancelled batch are cancelled. */
  status: "completed" | "failed" | "cancelled";
}
