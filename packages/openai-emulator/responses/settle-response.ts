import { nowInSeconds } from "./build-response.ts";
import { countUsage } from "./count-tokens.ts";
import { UPSTREAM_MARKER } from "../http/fail-request.ts";
import type { Generation } from "./generation.ts";
import type { EmulatorState, ResponseRecord } from "../state.ts";
import type { EventDraft, WireResponse } from "../wire-types.ts";

/** The error of a response that fails for no other reason. */
export const SERVER_ERROR = {
  code: "server_error",
  message: `The model failed (${UPSTREAM_MARKER}).`,
};

type LifecycleType = Extract<EventDraft, { response: WireResponse }>["type"];

/** Appends a lifecycle event with the current state of the response. */
export function announce({ log, response }: ResponseRecord, type: LifecycleType): void {
  log.append({ type, response: structuredClone(response) });
}

/** Settles a response in its planned way: completed, failed or incomplete. */
export function settleEnded(state: EmulatorState, generation: Generation): void {
  const { ending, record } = generation;
  if (ending.status === "never") {
    throw new Error("A response that never ends can only be cancelled.");
  }
  if (ending.status === "completed") complete(generation);
  else if (ending.status === "failed") fail(record.response, ending.error);
  else cutShort(generation, ending.reason);
  if (ending.status !== "completed") keepItems(generation);
  release(state, record);
  if (ending.status === "failed" && ending.sendsError) {
    const error = { type: "invalid_request_error", ...ending.error, param: null };
    record.log.append({ type: "error", error });
  }
  announce(record, `response.${ending.status}`);
  record.log.close();
  if (record.response.background) state.ended(record.response);
}

/**
 * Settles a response as cancelled. It keeps its output so far, unless the scenario says otherwise, and its stream
 * ends without an event.
 */
export function settleCancelled(state: EmulatorState, generation: Generation): void {
  const { record, course } = generation;
  record.response.status = "cancelled";
  markPartial(record.response);
  if (course.losesOutput) record.response.output = [];
  keepItems(generation);
  release(state, record);
  record.log.close();
  if (record.response.background) state.ended(record.response);
}

/** Marks a response as failed if it was running when the emulator stopped. */
export function settleAbandoned(response: WireResponse): void {
  if (response.status === "queued" || response.status === "in_progress") {
    fail(response, SERVER_ERROR);
  }
}

function complete({ record, conversation, history }: Generation): void {
  const { response, inputItems } = record;
  response.status = "completed";
  response.completed_at = nowInSeconds();
  response.usage = usageOf({ record, history });
  conversation?.items.push(...structuredClone([...inputItems, ...response.output]));
}

/**
 * A response that does not complete adds nothing to its conversation, unless the scenario says otherwise
 * (https://github.com/openai/openai-node/issues/2571).
 */
function keepItems({ record: { response, inputItems }, conversation, course }: Generation): void {
  if (!course.keepsItems) return;
  conversation?.items.push(...structuredClone([...inputItems, ...response.output]));
}

function cutShort(
  { record, history }: Generation,
  reason: "max_output_tokens" | "content_filter",
): void {
  record.response.status = "incomplete";
  record.response.incomplete_details = { reason };
  record.response.usage = usageOf({ record, history });
}

function fail(response: WireResponse, error: NonNullable<WireResponse["error"]>): void {
  response.status = "failed";
  response.error = error;
  markPartial(response);
}

function usageOf({ record, history }: Pick<Generation, "record" | "history">) {
  const { instructions, output } = record.response;
  const text = typeof instructions === "string" ? instructions : null;
  return countUsage({ instructions: text, history, input: record.inputItems, output });
}

function markPartial({ output }: WireResponse): void {
  const last = output.at(-1);
  if (!last || !("status" in last) || last.status === "completed") return;
  if (last.type === "image_generation_call") last.status = "failed";
  else last.status = "incomplete";
}

/** Unlocks the conversation before the last event, so that a reader of that event can use it at once. */
function release(state: EmulatorState, { response }: ResponseRecord): void {
  state.runs.delete(response.id);
  state.changed();
}
