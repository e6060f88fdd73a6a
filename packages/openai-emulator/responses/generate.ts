import type { Generation } from "./generation.ts";
import { createPacer, type Pacer } from "./pace.ts";
import { scriptEvents } from "../answers/script-events.ts";
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
    await tellEvents(generation, createPacer(generation.behaviour, signal));
    settleEnded(state, generation);
  } catch (error) {
    if (!signal.aborted) throw error;
    settleCancelled(state, generation.record);
  }
}

async function tellEvents(generation: Generation, pacer: Pacer): Promise<void> {
  const { record, plan, behaviour, obfuscate } = generation;
  announce(record, "response.created");
  if (record.response.background) announce(record, "response.queued");
  await pacer.yield();
  record.response.status = "in_progress";
  announce(record, "response.in_progress");
  await pacer.beforeOutput();
  const options = { end: behaviour.end ?? "completed", obfuscate };
  for (const draft of scriptEvents(plan, record.response.output, options)) {
    await (isToken(draft) ? pacer.beforeToken() : pacer.yield());
    record.log.append(draft);
  }
}

function isToken({ type }: EventDraft): boolean {
  return type.endsWith(".delta");
}
