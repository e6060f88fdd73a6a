import type { PlannedFileSearch, ToolAnswerer } from "./answer-plan.ts";
import { AttributeFilter } from "../retrieval/match-filter.ts";
import { pickQuote } from "../retrieval/pick-quote.ts";
import { searchStores } from "../stores/search-stores.ts";
import { quote, shorten } from "./shorten-text.ts";
import type { EmulatorState } from "../state.ts";

/** The default maximum of passages in a search (https://platform.openai.com/docs/guides/tools-file-search). */
const USUAL_RESULTS = 20;

/** Returns an answerer that quotes the files of the vector stores if the request offers file search. */
export function searchFiles(state: EmulatorState, include: readonly string[]): ToolAnswerer {
  return (turn, tools) => {
    const tool = tools.find(({ type }) => type === "file_search");
    if (tool?.type !== "file_search" || turn.text.trim() === "") return null;
    const stores = tool.vector_store_ids.flatMap((id) => state.vectorStores.get(id) ?? []);
    const hits = searchStores(state, stores, {
      queries: [turn.text],
      limit: tool.max_num_results ?? USUAL_RESULTS,
      threshold: tool.ranking_options?.score_threshold ?? 0,
      filter: AttributeFilter.optional().parse(tool.filters ?? undefined),
    });
    const results = include.includes("file_search_call.results") ? hits : null;
    const call: PlannedFileSearch = {
      type: "file_search_call",
      queries: [shorten(turn.text, 200)],
      results,
    };
    const [best] = hits;
    if (!best) {
      return {
        call,
        sentence: "I found nothing about it in your files.",
        cite: () => null,
      };
    }
    const { file_id, filename } = best;
    return {
      call,
      sentence: `In ${filename} I found: ${quote(pickQuote(best.text, turn.text))}.`,
      cite: (_, index) => ({ type: "file_citation", file_id, filename, index }),
    };
  };
}
