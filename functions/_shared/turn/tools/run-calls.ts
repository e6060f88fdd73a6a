import { mapAtOnce } from "../../session-files/map-at-once.ts";
import type { ToolCallRow } from "../turn-database.ts";
import type { TurnPorts } from "../turn-ports.ts";
import { callHttpTool } from "./call-http-tool.ts";

/** Calls that run at the same time. Each has a connection to the database. */
const AT_ONCE = 4;

/**
 * Runs the calls of a step that are to run, several at once, and returns all of them as they are then. `onEnd` is
 * called with each of them. A function tool runs once, whoever asks for it how often; an http tool is called twice at
 * most. Rejects when the database does not respond; the calls can then be run again.
 */
export async function runCalls(
  ports: TurnPorts,
  calls: readonly ToolCallRow[],
  onEnd: (call: ToolCallRow) => void,
): Promise<ToolCallRow[]> {
  return await mapAtOnce(calls, AT_ONCE, async (call) => {
    if (call.status !== "pending" && call.status !== "running") return call;
    const begun = performance.now();
    const result = await runCall(ports, call) ?? call;
    const { turn_id, tool_slug: tool, kind, status } = result;
    const milliseconds = Math.round(performance.now() - begun);
    ports.log.info("tool_called", { turn_id, tool, kind, status, milliseconds });
    onEnd(result);
    return result;
  });
}

/** Returns the call as it is now: ended, or still running in another function. Null if it was deleted. */
async function runCall(ports: TurnPorts, { id, kind }: ToolCallRow): Promise<ToolCallRow | null> {
  const { db } = ports;
  if (kind === "function") return await db.runFunctionTool(id);
  const claimed = await db.startHttpTool(id);
  const end = claimed && await callHttpTool(ports, claimed);
  return await db.endHttpTool(
    id,
    claimed !== null,
    end ?? { error: "The tool could not be called." },
  );
}
