import { APIError } from "openai";
import { describeError } from "../../http/log.ts";
import { readUsage, type TurnUsage } from "../events/map-outcome.ts";
import type { StartedTurn } from "../turn-database.ts";
import type { TurnPorts } from "../turn-ports.ts";

const LONGEST_TEXT = 2_000;
const NO_USAGE: TurnUsage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
};
const INSTRUCTIONS =
  "Name the conversation that begins with this message, in its language, in at most six words. " +
  "Answer with the name alone, without quotes.";

/**
 * Generates the title of a session that has none but its question, after a complete reply. The request is not part of
 * the conversation. Its tokens are booked as a feature of their own and do not count against a quota. Never rejects:
 * after a failure, the next turn tries again.
 */
export async function generateTitle(
  ports: TurnPorts,
  turn: StartedTurn,
  reply: string,
): Promise<void> {
  const models = new Set([turn.title_model ?? turn.model, turn.model]);
  for (const model of models) {
    try {
      return await askForTitle(
        ports,
        turn,
        model,
        turn.content.trim() === "" ? reply : turn.content,
      );
    } catch (error) {
      const { session_id } = turn;
      ports.log.error("title_failed", { session_id, model, ...describeError(error) });
      if (!isUnavailable(error)) return;
    }
  }
}

async function askForTitle(
  { openai, db }: TurnPorts,
  turn: StartedTurn,
  model: string,
  text: string,
): Promise<void> {
  const response = await openai.responses.create({
    model,
    instructions: INSTRUCTIONS,
    input: text.slice(0, LONGEST_TEXT).toWellFormed(),
    metadata: { purpose: "title", session_id: turn.session_id },
    store: false,
  });
  const usage = readUsage(response) ?? NO_USAGE;
  await db.setTitle(turn, response.output_text.trim(), response.model, usage);
}

/** Returns true if this key cannot use the model. Another model may work. */
function isUnavailable(error: unknown): boolean {
  return error instanceof APIError && (error.status === 403 || error.status === 404);
}
