import { outcomeChunks } from "../events/outcome-chunks.ts";
import { progressReporter } from "../report-progress.ts";
import type { Reply } from "../reply.ts";
import { TurnEndedError, type TurnRequest } from "../request/turn-request.ts";
import { type Ending, WAITING } from "../settle-reply.ts";
import type { Step, ToolCallRow } from "../turn-database.ts";
import type { TurnPorts } from "../turn-ports.ts";
import type { NextStep, TurnRun } from "../turn-run.ts";
import { runCalls } from "./run-calls.ts";

/** The pause between two reports that tools run. */
const REPORT_MS = 10_000;
/** After tools that took longer than this, the database is asked whether the turn was stopped or ended meanwhile. */
const LONG_MS = 500;

/** What a step needs besides its turn. */
export interface StepParts {
  reply: Reply;
  request: TurnRequest;
  run: TurnRun;
  /** True if an earlier function may have sent the outputs already. */
  isUncertain?: boolean;
  /** Logs why OpenAI has refused the request, and returns how the turn ends. */
  onRefused(error: unknown): Ending;
}

/**
 * Runs the calls of a step, shows how they end, and sends their outputs to OpenAI. Returns the next response, how the
 * turn ends, or null when another function runs its calls or has ended it.
 */
export async function runStep(
  ports: TurnPorts,
  turnId: string,
  step: Step,
  { reply, request, run, isUncertain, onRefused }: StepParts,
): Promise<NextStep> {
  const begun = performance.now();
  const show = (calls: readonly ToolCallRow[]) =>
    outcomeChunks(reply.stored.parts, calls).forEach(reply.emit);
  show(step.calls);
  if (run.isStopped) return { status: "stopped" };
  const calls = await runReported(
    ports,
    { turnId, calls: step.calls },
    run,
    (call) => show([call]),
  );
  if (performance.now() - begun > LONG_MS) {
    const row = await ports.db.findTurn(turnId);
    if (row?.status !== "active") return null;
    if (row.stop_requested_at !== null) return { status: "stopped" };
  }
  if (run.isStopped) return { status: "stopped" };
  if (calls.some(isRunning)) return null;
  if (calls.some(isWaiting)) return { ...WAITING, threadId: request.threadId };
  try {
    return await request.sendOutputs({ ...step, calls }, reply.stored.parts, { isUncertain });
  } catch (error) {
    return error instanceof TurnEndedError ? null : onRefused(error);
  }
}

/** Runs the calls and reports meanwhile that the turn is alive. */
async function runReported(
  ports: TurnPorts,
  { turnId, calls }: { turnId: string; calls: readonly ToolCallRow[] },
  run: TurnRun,
  onEnd: (call: ToolCallRow) => void,
): Promise<ToolCallRow[]> {
  const clock = setInterval(() => progressReporter.note(ports, turnId, run.listen), REPORT_MS);
  try {
    return await runCalls(ports, calls, onEnd);
  } finally {
    clearInterval(clock);
  }
}

function isRunning({ status }: ToolCallRow): boolean {
  return status === "pending" || status === "running";
}

function isWaiting({ status }: ToolCallRow): boolean {
  return status === "awaiting_client" || status === "awaiting_approval";
}
