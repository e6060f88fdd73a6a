import type { Responses } from "openai/resources/responses/responses";
import { contentText } from "../answers/read-messages.ts";
import type { Item, OutputItem } from "../wire-types.ts";

/** Prompt caching works in blocks of this many tokens (https://platform.openai.com/docs/guides/prompt-caching). */
const CACHE_BLOCK = 128;

/** The texts that the usage of a response counts. */
export interface CountedTexts {
  instructions: string | null;
  history: readonly Item[];
  input: readonly Item[];
  output: readonly OutputItem[];
}

/** Returns the number of tokens: four characters of text each, rounded up. The estimate is always the same. */
function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/**
 * Returns the usage of one response. Its input is the instructions, the conversation and the new input. From
 * the second turn on, the instructions and the conversation count as cached, in whole blocks.
 */
export function countUsage(texts: CountedTexts): Responses.ResponseUsage {
  const prefix = countTokens(texts.instructions ?? "") + countItems(texts.history);
  const input = prefix + countItems(texts.input);
  const output = countItems(texts.output);
  const reasoning = countItems(texts.output.filter((item) => item.type === "reasoning"));
  const cached = texts.history.length > 0 ? prefix - (prefix % CACHE_BLOCK) : 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

function countItems(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + countTokens(itemText(item)), 0);
}

function itemText(item: Item): string {
  if (item.type === "message") return contentText(item);
  return item.type === "reasoning" ? item.summary.map(({ text }) => text).join("") : "";
}
