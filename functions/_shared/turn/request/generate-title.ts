import { describeError } from "../../http/log.ts";
import { readUsage, type TurnUsage } from "../events/map-outcome.ts";
import type { StartedTurn } from "../turn-database.ts";
import type { TurnPorts } from "../turn-ports.ts";

const TITLE_MODEL = "gpt-5.4-nano";
const LONGEST_QUESTION = 2_000;
const NO_USAGE: TurnUsage = { input_tokens: 0, cached_input_tokens: 0, output_tokens: 0 };
const INSTRUCTIONS =
  "Name the conversation that begins with this message, in its language, in at most six words. " +
  "Answer with the name alone, without quotes.";

/**
 * Generates the title of a session after its first turn. The request is not part of the conversation. Its tokens are
 * booked as a feature of their own and do not count against a quota. Never rejects: a session can do without a title.
 */
export async function generateTitle(
  { openai, db, log }: TurnPorts,
  turn: StartedTurn,
): Promise<void> {
  try {
    const response = await openai.responses.create({
      model: TITLE_MODEL,
      instructions: INSTRUCTIONS,
      input: turn.content.slice(0, LONGEST_QUESTION).toWellFormed(),
      metadata: { purpose: "title", session_id: turn.session_id },
      store: false,
    });
    const usage = readUsage(response) ?? NO_USAGE;
    await db.setTitle(turn, response.output_text.trim(), response.model, usage);
  } catch (error) {
    log.error("title_failed", { session_id: turn.session_id, ...describeError(error) });
  }
}
