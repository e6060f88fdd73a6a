import type { EventDraft } from "../wire-types.ts";
import type { Point } from "./scenario.ts";

/** Returns whether deltas decide when a point is reached. */
export function isDeltaPoint({ after }: Point): boolean {
  return after === "text" || after === "arguments";
}

/** Returns whether an event is a delta of the kind that a point counts. */
export function isCounted({ type }: Pick<EventDraft, "type">, { after }: Point): boolean {
  return after === "arguments"
    ? type.endsWith("_arguments.delta")
    : type === "response.output_text.delta";
}
