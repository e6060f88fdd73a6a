import type { UIMessageChunk } from "ai";
import pRetry from "p-retry";
import { toUIMessage } from "../../../types/api.ts";
import { describeErrorCode } from "../../../types/errors.ts";
import { AppError } from "../http/errors.ts";
import { publicErrorText, type TurnErrorCode } from "../openai/public-errors.ts";
import type { TurnOutcome } from "./events/map-outcome.ts";
import type { Reply } from "./reply.ts";
import type { MessageRow, Settlement, ToolCounts, TurnDatabase } from "./turn-database.ts";

/** How a reply ended. */
export type Ending =
  | { status: "complete"; finishReason: TurnOutcome["finishReason"]; threadId?: string }
  | { status: "waiting"; finishReason: "tool-calls"; threadId?: string }
  | { status: "stopped" }
  | { status: "failed"; code: TurnErrorCode };

/** The end of a turn that waits for outputs or decisions of its client. */
export const WAITING = { status: "waiting", finishReason: "tool-calls" } as const satisfies Ending;

/** A reply with its end. */
export interface EndedReply extends Pick<Reply, "mapper" | "stored"> {
  ending: Ending;
  /** The number of stored steps that the reply has. If the turn has gone on since, settling it changes nothing. */
  step: number;
  responseId?: string;
}

/**
 * Settles a turn in the database and returns the reply's stored row, which another process may have settled before.
 * Returns null when its session was deleted. Repeats the call for some seconds if the database does not respond.
 */
export function settleReply(
  db: TurnDatabase,
  turnId: string,
  reply: EndedReply,
): Promise<MessageRow | null> {
  const settlement = createSettlement(reply);
  return pRetry(() => db.settle(turnId, settlement), {
    retries: 4,
    minTimeout: 500,
    // The database refuses a repeated call in the same way.
    shouldRetry: ({ error }) => !(error instanceof AppError) || error.status >= 500,
  });
}

/** Returns a reply as the database stores it. Usage and tools are those of its last response. */
export function createSettlement(
  { mapper, stored, ending, step, responseId }: EndedReply,
): Settlement {
  return {
    status: ending.status,
    content: stored.text,
    parts: stored.parts,
    model: mapper.model,
    response_id: responseId,
    usage: mapper.outcome?.usage,
    tools: countTools(stored.parts),
    step,
    ...("threadId" in ending && { thread_id: ending.threadId }),
    ...(ending.status === "failed" && {
      error: { code: ending.code, message: describeErrorCode(ending.code) },
    }),
  };
}

/** Counts the calls of OpenAI's own tools in the last step of a reply, which OpenAI charges for. */
export function countTools(
  parts: readonly { type: string; providerExecuted?: boolean }[],
): ToolCounts {
  const counts: ToolCounts = {};
  const begin = parts.findLastIndex(({ type }) => type === "step-start");
  for (const { type, providerExecuted } of parts.slice(begin + 1)) {
    if (!type.startsWith("tool-") || providerExecuted !== true) continue;
    const tool = type.slice("tool-".length);
    counts[tool] = (counts[tool] ?? 0) + 1;
  }
  return counts;
}

/** Returns the chunks that show a client the end of a reply, from its stored row. */
export function endingChunks(
  row: MessageRow | null,
  finishReason: TurnOutcome["finishReason"] = "stop",
): UIMessageChunk[] {
  if (!row) return [{ type: "abort" }];
  const { metadata: messageMetadata } = toUIMessage(row);
  switch (row.status) {
    case "complete":
      return [{ type: "finish", finishReason, messageMetadata }];
    case "stopped":
      return [{ type: "message-metadata", messageMetadata }, { type: "abort" }];
    default:
      return [{ type: "message-metadata", messageMetadata }, {
        type: "error",
        errorText: publicErrorText(readCode(row.error)),
      }];
  }
}

function readCode(error: MessageRow["error"]): string | null {
  const isCoded = typeof error === "object" && error !== null && "code" in error;
  return isCoded && typeof error.code === "string" ? error.code : null;
}
