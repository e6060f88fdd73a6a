import type { Responses } from "openai/resources/responses/responses";
import type { ToolUse } from "./answer-plan.ts";
import type { UserTurn } from "./read-messages.ts";
import { shorten } from "./shorten-text.ts";

/** Cites an invented web page if the request offers web search. */
export function searchWeb(turn: UserTurn, tools: readonly Responses.Tool[]): ToolUse | null {
  if (!tools.some(({ type }) => type.startsWith("web_search"))) return null;
  const query = shorten(turn.text, 80);
  const url = `https://example.com/search?q=${encodeURIComponent(query)}`;
  return {
    call: { type: "web_search_call", query },
    sentence: "A page at example.com has more about it.",
    cite: (start_index, end_index) => ({
      type: "url_citation",
      url,
      title: `About: ${query}`,
      start_index,
      end_index,
    }),
  };
}
