import type { Responses } from "openai/resources/responses/responses";
import { contentText } from "../answers/read-messages.ts";
import type { Item, OutputItem } from "../wire-types.ts";

/** Prompt caching works in blocks of this many tokens (https://platform.openai.com/docs/guides/prompt-caching). */
const CACHE_BLOCK = 128;

/** The tokens of a reasoning item whose text OpenAI does not show. */
const HIDDEN_REASONING = 64;

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
 * the second turn on, the instructions and the conversation count as cached, in whole blocks. The other whole blocks
 * count as written to the cache.
 */
export function countUsage(texts: CountedTexts): Responses.ResponseUsage {
  const prefix = countInput({ ...texts, input: [] });
  const input = countInput(texts);
  const output = countItems(texts.output);
  const reasoning = countItems(texts.output.filter((item) => item.type === "reasoning"));
  const cached = texts.history.length > 0 ? wholeBlocks(prefix) : 0;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: cached,
      cache_write_tokens: wholeBlocks(input) - cached,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

function wholeBlocks(tokens: number): number {
  return tokens - (tokens % CACHE_BLOCK);
}

/** Returns the estimated tokens of the instructions, the conversation and the new input. */
export function countInput({ instructions, history, input }: Omit<CountedTexts, "output">): number {
  return countTokens(instructions ?? "") + countItems(history) + countItems(input);
}

function countItems(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + countItem(item), 0);
}

function countItem(item: Item): number {
  if (item.type === "message") return countTokens(contentText(item));
  if (item.type === "reasoning" && item.summary.length === 0) return HIDDEN_REASONING;
  if (item.type === "reasoning") return countTokens(item.summary.map(({ text }) => text).join(""));
  if (item.type === "code_interpreter_call") return countTokens(item.code ?? "");
  const json = "arguments" in item ? item.arguments : "";
  return typeof json === "string" ? countTokens(json) : 0;
}
