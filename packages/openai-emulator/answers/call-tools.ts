import type { Responses } from "openai/resources/responses/responses";
import type { CreateResponse } from "../responses/request-schemas.ts";
import { fillSchema } from "../scenarios/fill-schema.ts";
import type { Item } from "../wire-types.ts";
import type { PlannedFunctionCall } from "./answer-plan.ts";
import { contentText, isUserMessage } from "./read-messages.ts";
import { quote, shorten } from "./shorten-text.ts";

type ToolChoice = CreateResponse["tool_choice"];

/**
 * Returns the calls of functions for a message: of those that it names, as a word. A JSON object in the message
 * becomes the arguments; otherwise they are invented from the schema. `tool_choice` can force or forbid a call
 * (https://developers.openai.com/api/docs/guides/function-calling).
 */
export function callFunctions(
  items: readonly Item[],
  tools: readonly Responses.Tool[],
  choice: ToolChoice,
): PlannedFunctionCall[] {
  const text = lastText(items);
  const functions = tools.filter((tool) => tool.type === "function").filter(allowedBy(choice));
  const forced = typeof choice === "object" && choice?.type === "function";
  const isNamed = isNamedIn(text);
  const named = functions.filter(({ name }) => forced || (isOpenQuestion(items) && isNamed(name)));
  const needsOne = choice === "required" ||
    (typeof choice === "object" && choice?.type === "allowed_tools" && choice.mode === "required");
  const called = named.length === 0 && needsOne ? functions.slice(0, 1) : named;
  return called.map(({ name, parameters }) => ({
    type: "function_call",
    name,
    arguments: argumentsFor(text, parameters),
  }));
}

/** Returns the test whether a text names a tool; `get_weather` is also named by "get weather". */
export function isNamedIn(text: string): (name: string) => boolean {
  const words = (value: string) => ` ${value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ")} `;
  return (name) => words(text).includes(words(name));
}

/** Returns the JSON object in a text, or else invented arguments for a schema. */
export function argumentsFor(text: string, schema: unknown): string {
  return /\{.*\}/s.exec(text)?.[0] ?? JSON.stringify(fillSchema(schema, shorten(text, 80)));
}

/** Returns whether the items end with a message of the user, and not with the result of a tool. */
export function isOpenQuestion(items: readonly Item[]): boolean {
  const last = items.at(-1);
  return last !== undefined && isUserMessage(last);
}

/** Returns the text of the user's last message. */
export function lastText(items: readonly Item[]): string {
  const last = items.findLast(isUserMessage);
  return last ? contentText(last) : "";
}

/** Returns the sentences that quote the outputs of functions in `input`, so that tests see that they were read. */
export function quoteOutputs(history: readonly Item[], input: readonly Item[]): string[] {
  const all = [...history, ...input];
  return input.flatMap((item) => {
    if (item.type !== "function_call_output") return [];
    const call = all.find((other) =>
      other.type === "function_call" && other.call_id === item.call_id
    );
    const { output } = item;
    const text = typeof output === "string"
      ? output
      : output.map((part) => "text" in part ? part.text : part.type).join("");
    return `${call && "name" in call ? call.name : "A function"} returned: ${quote(text)}.`;
  });
}

function allowedBy(choice: ToolChoice): (tool: { name: string }) => boolean {
  if (choice === "none") return () => false;
  if (typeof choice !== "object" || choice === null) return () => true;
  if (choice.type === "function") return ({ name }) => name === choice.name;
  if (choice.type !== "allowed_tools") return () => false;
  return ({ name }) => choice.tools.some((tool) => tool["name"] === name);
}
