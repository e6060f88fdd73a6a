import { nowInSeconds } from "./build-response.ts";
import { countUsage } from "./count-tokens.ts";
import { UPSTREAM_MARKER } from "../http/fail-request.ts";
import type { Generation } from "./generation.ts";
import type { EmulatorState, ResponseRecord } from "../state.ts";
import type { EventDraft, WireResponse } from "../wire-types.ts";

type LifecycleType = Extract<EventDraft, { response: WireResponse }>["type"];

/** Appends a lifecycle event with the current state of the response. */
export function announce({ log, response }: ResponseRecord, type: LifecycleType): void {
  log.append({ type, response: structuredClone(response) });
}

/** Settles a response in the commanded way: completed, failed or incomplete. */
export function settleEnded(state: EmulatorState, generation: Generation): void {
  const end = generation.behaviour.end ?? "completed";
  if (end === "completed") complete(generation);
  else if (end === "failed") fail(generation.record.response);
  else cutShort(generation);
  release(state, generation.record);
  announce(generation.record, `response.${end}`);
  generation.record.log.close();
}

/** Settles a response as cancelled. It keeps its output so far, and its stream ends without an event. */
export function settleCancelled(state: EmulatorState, record: ResponseRecord): void {
  record.response.status = "cancelled";
  markPartial(record.response);
  release(state, record);
  record.log.close();
}

/** Marks a response as failed if it was running when the emulator stopped. */
export function settleAbandoned(response: WireResponse): void {
  if (response.status === "queued" || response.status === "in_progress") fail(response);
}

function complete({ record, conversation, history }: Generation): void {
  const { response, inputItems } = record;
  response.status = "completed";
  response.completed_at = nowInSeconds();
  response.usage = usageOf({ record, history });
  // A response that does not complete adds nothing to its conversation.
  conversation?.items.push(...structuredClone([...inputItems, ...response.output]));
}

function cutShort({ record, history }: Generation): void {
  record.response.status = "incomplete";
  record.response.incomplete_details = { reason: "max_output_tokens" };
  record.response.usage = usageOf({ record, history });
}

function fail(response: WireResponse): void {
  response.status = "failed";
  response.error = { code: "server_error", message: `The model failed (${UPSTREAM_MARKER}).` };
  markPartial(response);
}

function usageOf({ record, history }: Pick<Generation, "record" | "history">) {
  const { instructions, output } = record.response;
  const text = typeof instructions === "string" ? instructions : null;
  return countUsage({ instructions: text, history, input: record.inputItems, output });
}

function markPartial({ output }: WireResponse): void {
  const last = output.at(-1);
  if (last && last.status !== "completed") last.status = "incomplete";
}

/** Unlocks the conversation before the last event, so that a reader of that event can use it at once. */
function release(state: EmulatorState, { response }: ResponseRecord): void {
  state.runs.delete(response.id);
  state.changed();
}
