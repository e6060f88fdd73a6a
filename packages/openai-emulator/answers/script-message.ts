import type { Responses } from "openai/resources/responses/responses";
import type { PlannedRefusal, PlannedText } from "./answer-plan.ts";
import { newId } from "../new-id.ts";
import { firstHalf, splitTokens } from "./shorten-text.ts";
import type { EventDraft, OutputItem } from "../wire-types.ts";

/** Options for the events of a reply. */
export interface ScriptOptions {
  end: "completed" | "failed" | "incomplete";
  /** Pads text deltas, as `stream_options.include_obfuscation` asks. */
  obfuscate: boolean;
}

type Drafts = Generator<EventDraft, void>;
type Part = Responses.ResponseOutputMessage["content"][number];
type Place = { item_id: string; output_index: number; content_index: number };

/**
 * Yields the events of a message with text; see `scriptEvents`. A response that fails stops after half of the
 * text.
 */
export function* scriptText(
  plan: PlannedText,
  output: OutputItem[],
  options: ScriptOptions,
): Drafts {
  const whole = options.end === "completed";
  const part: Responses.ResponseOutputText = {
    type: "output_text",
    text: "",
    annotations: [],
    logprobs: [],
  };
  const { item, place } = yield* openMessage(part, output);
  for (const delta of splitTokens(whole ? plan.text : firstHalf(plan.text))) {
    const padding = options.obfuscate ? { obfuscation: pad(delta) } : {};
    yield { type: "response.output_text.delta", ...place, delta, logprobs: [], ...padding };
    part.text += delta;
  }
  if (options.end === "failed") return;
  if (whole) yield* annotate(plan, part, place);
  yield { type: "response.output_text.done", ...place, text: part.text, logprobs: [] };
  yield* closeMessage(item, part, place, whole ? "completed" : "incomplete");
}

/** Yields the events of a refusal; see `scriptEvents`. */
export function* scriptRefusal(plan: PlannedRefusal, output: OutputItem[]): Drafts {
  const part: Responses.ResponseOutputRefusal = { type: "refusal", refusal: "" };
  const { item, place } = yield* openMessage(part, output);
  for (const delta of splitTokens(plan.refusal)) {
    yield { type: "response.refusal.delta", ...place, delta };
    part.refusal += delta;
  }
  yield { type: "response.refusal.done", ...place, refusal: part.refusal };
  yield* closeMessage(item, part, place, "completed");
}

function* openMessage(
  part: Part,
  output: OutputItem[],
): Generator<EventDraft, { item: Responses.ResponseOutputMessage; place: Place }> {
  const item: Responses.ResponseOutputMessage = {
    id: newId("msg"),
    type: "message",
    role: "assistant",
    status: "in_progress",
    content: [],
  };
  const output_index = output.length;
  const place = { item_id: item.id, output_index, content_index: 0 };
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  yield { type: "response.content_part.added", ...place, part: structuredClone(part) };
  item.content.push(part);
  return { item, place };
}

function* closeMessage(
  item: Responses.ResponseOutputMessage,
  part: Part,
  place: Place,
  status: "completed" | "incomplete",
): Drafts {
  const { output_index } = place;
  yield { type: "response.content_part.done", ...place, part: structuredClone(part) };
  yield {
    type: "response.output_item.done",
    output_index,
    item: structuredClone({ ...item, status }),
  };
  item.status = status;
}

function* annotate(plan: PlannedText, part: Responses.ResponseOutputText, place: Place): Drafts {
  for (const annotation of plan.annotations) {
    const annotation_index = part.annotations.length;
    yield { type: "response.output_text.annotation.added", ...place, annotation_index, annotation };
    part.annotations.push(annotation);
  }
}

/** Returns the padding that brings a delta to a multiple of 16 characters. */
function pad(delta: string): string {
  return "x".repeat(16 - (delta.length % 16));
}
