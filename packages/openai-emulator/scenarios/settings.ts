import * as z from "zod";

/** The words for `scenario`; `all-scenarios.ts` says what each of them does. */
const SCENARIO_NAMES = [
  "error_event",
  "silence",
  "late_attach_400",
  "never_terminal",
  "ends_early",
  "duplicate_events",
  "split_utf8",
  "cancelled_empty",
  "slow_title",
  "context_exceeded",
  "filtered",
  "reasoning_only",
  "empty_output",
  "reasoning_summary",
  "function_call",
  "parallel_function_calls",
  "tool_steps",
  "open_calls_stay",
  "mcp_call",
  "mcp_approval",
  "image",
  "code_file",
  "model_not_found",
  "title_fails",
  "invalid_key",
  "insufficient_quota",
  "retry_after_date",
  "retry_after_ms",
  "rate_limited_for",
  "conversation_items_fail",
  "file_404_once",
  "image_refused",
  "file_refused",
  "batch_partly_failed",
  "batch_failed",
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

const count = z.number().int().min(1);

/** One response of the model: text, if any, and then calls, each exactly as it is written here. */
const ToolStep = z.strictObject({
  text: z.string().optional(),
  calls: z.array(z.strictObject({ name: z.string(), arguments: z.string().default("{}") })),
});

/** The fields of the behaviour that command a scenario. Each scenario takes some of the parameters. */
export const ScenarioFields = {
  scenario: z.enum(SCENARIO_NAMES).optional(),
  /** One of the forms of the scenario; by default the first that README lists. */
  variant: z.string().optional(),
  /**
   * The point of the stream: before all events, after the first one, after `n` deltas of text
   * or of arguments, or before the last one.
   */
  after: z.enum(["start", "created", "text", "arguments", "end"]).optional(),
  n: count.optional(),
  seconds: z.number().positive().optional(),
  /** The number of requests that the scenario changes; by default all of them. */
  times: count.optional(),
  /** Whether the stored response completes although its stream does not show it. */
  completes: z.boolean().optional(),
  max_input_tokens: count.optional(),
  /** The JSON text of a tool call's arguments; by default invented from the schema of the tool. */
  arguments: z.string().optional(),
  /** What the model does after each of the user's messages, one response a step; then it replies. */
  steps: z.array(ToolStep).min(1).optional(),
};

/** The parameters of the commanded scenario. */
export type ScenarioSettings = z.infer<z.ZodObject<typeof ScenarioFields>>;

/** The name of one parameter. */
export type ScenarioParameter = Exclude<keyof ScenarioSettings, "scenario">;

/** All parameters. */
export const SCENARIO_PARAMETERS: readonly ScenarioParameter[] = [
  "variant",
  "after",
  "n",
  "seconds",
  "times",
  "completes",
  "max_input_tokens",
  "arguments",
  "steps",
];
