import { once } from "node:events";
import type { Generation } from "./generation.ts";
import { isCounted, isDeltaPoint } from "../scenarios/count-deltas.ts";
import { createPacer, type Pacer } from "./pace.ts";
import { scriptEvents } from "../answers/script-events.ts";
import type { ScriptOptions } from "../answers/script-message.ts";
import { announce, settleCancelled, settleEnded } from "./settle-response.ts";
import type { EmulatorState } from "../state.ts";
import type { EventDraft } from "../wire-types.ts";

/**
 * Appends the events of a response one by one until the plan ends or `signal` aborts it; then settles the
 * response.
 */
export async function generate(
  state: EmulatorState,
  generation: Generation,
  signal: AbortSignal,
): Promise<void> {
  try {
    await tellEvents(generation, createPacer(state, generation, signal));
    await waitIfEndless(generation, signal);
    settleEnded(state, generation);
  } catch (error) {
    if (!signal.aborted) throw error;
    settleCancelled(state, generation);
  }
}

async function tellEvents(generation: Generation, pacer: Pacer): Promise<void> {
  const { record, plan } = generation;
  const { stopAt } = generation.course;
  announce(record, "response.created");
  if (record.response.background) announce(record, "response.queued");
  const hasOutput = stopAt?.after !== "start" && stopAt?.after !== "created";
  // A reader who knows of the stop must find the response settled.
  if (hasOutput) await pacer.yield();
  record.response.status = "in_progress";
  if (!hasOutput) return;
  announce(record, "response.in_progress");
  await pacer.beforeOutput();
  let deltas = 0;
  for (const draft of scriptEvents(plan, record.response.output, scriptOptions(generation))) {
    if (stopAt && isDeltaPoint(stopAt) && deltas >= stopAt.n) return;
    await (isToken(draft) ? pacer.beforeToken() : pacer.yield());
    record.log.append(draft);
    if (stopAt && isCounted(draft, stopAt)) deltas++;
  }
}

/** An output that stops at a point is planned as if it would complete. */
function scriptOptions({ ending, course, obfuscate }: Generation): ScriptOptions {
  const isWhole = course.stopAt !== undefined || ending.status === "never";
  return { end: isWhole ? "completed" : ending.status, obfuscate };
}

async function waitIfEndless({ ending, record }: Generation, signal: AbortSignal): Promise<void> {
  if (ending.status !== "never") return;
  if (ending.endsStreams) record.log.close();
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
}

function isToken({ type }: EventDraft): boolean {
  return type.endsWith(".delta");
}
