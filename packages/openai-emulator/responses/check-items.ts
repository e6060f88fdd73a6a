import { ApiError } from "../http/api-error.ts";
import type { EmulatorState } from "../state.ts";
import type { Item } from "../wire-types.ts";
import type { InputItem } from "./item-schemas.ts";

/** Calls that need an output, by type: what the API calls them, and the type of the output. */
const ANSWERED_CALLS = {
  function_call: { noun: "function call", output: "function_call_output" },
  custom_tool_call: { noun: "custom tool call", output: "custom_tool_call_output" },
  computer_call: { noun: "computer call", output: "computer_call_output" },
  shell_call: { noun: "shell call", output: "shell_call_output" },
  apply_patch_call: { noun: "apply patch call", output: "apply_patch_call_output" },
} as const;

/**
 * Refuses input that does not continue `history`: a call without an output, an output without a call, an item
 * that the history or the input already has, and a reference to an unknown item.
 */
export function checkItems(
  state: EmulatorState,
  input: string | readonly InputItem[],
  history: readonly Item[],
): void {
  const added = typeof input === "string" ? [] : input;
  refuseDuplicates(added, history);
  const referred = added.flatMap((item) =>
    item.type === "item_reference" ? findStored(state, item.id) : []
  );
  const all = [...history, ...referred, ...added];
  checkApprovals(all);
  for (const { noun, type, output } of callKinds()) {
    const calls = callIds(all, type);
    const outputs = callIds(all, output);
    // See https://github.com/microsoft/vscode/issues/320060.
    const lost = outputs.difference(calls).values().next().value;
    if (lost) refuse(`No tool call found for ${noun} output with call_id ${lost}.`);
    refuseSecondOutput(all, output);
    // See https://github.com/router-for-me/CLIProxyAPI/issues/2368.
    const open = calls.difference(outputs).values().next().value;
    if (open) refuse(`No tool output found for ${noun} ${open}.`);
  }
}

/** The words are those of a gateway's report: https://github.com/NousResearch/hermes-agent/issues/102629. */
function refuseSecondOutput(items: readonly (InputItem | Item)[], type: string): void {
  const seen = new Set<string>();
  for (const item of items) {
    if (item.type !== type || !("call_id" in item) || !item.call_id) continue;
    const { call_id } = item;
    if (seen.has(call_id)) {
      refuse(
        `Duplicate ${type} for call_id '${call_id}'. ` +
          `Each ${type.replace("_output", "")} must have exactly one matching ${type}`,
      );
    }
    seen.add(call_id);
  }
}

/**
 * Refuses requests of MCP servers without the user's decision, in the words that clients look for. Those about a
 * decision without a request are the emulator's own.
 */
function checkApprovals(items: readonly (InputItem | Item)[]): void {
  const asked = items.flatMap((item) => item.type === "mcp_approval_request" ? item.id : []);
  const decided = items.flatMap((item) =>
    item.type === "mcp_approval_response" ? item.approval_request_id : []
  );
  const unknown = decided.find((id) => !asked.includes(id));
  if (unknown) refuse(`No MCP approval request found with id '${unknown}'.`);
  const open = asked.filter((id) => !decided.includes(id)).join(", ");
  if (open) refuse(`The following MCP approval requests do not have an approval: ${open}`);
}

function callKinds() {
  return Object.entries(ANSWERED_CALLS).map(([type, kind]) => ({ type, ...kind }));
}

function callIds(items: readonly (InputItem | Item)[], type: string): Set<string> {
  const ids = items.flatMap((item) =>
    item.type === type && "call_id" in item && item.call_id ? item.call_id : []
  );
  return new Set(ids);
}

/** Refuses an id that is there twice; messages get new ids and cannot clash. */
function refuseDuplicates(added: readonly InputItem[], history: readonly Item[]): void {
  const seen = new Set(history.map(({ id }) => id));
  for (const item of added) {
    if (!("id" in item) || !item.id) continue;
    const { id } = item;
    if (seen.has(id)) {
      refuse(
        `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
      );
    }
    seen.add(id);
  }
}

/** See https://github.com/anomalyco/opencode/issues/7724 for an item that is not stored. */
function findStored(state: EmulatorState, id: string): Item {
  const conversations = state.conversations.values().flatMap(({ items }) => items);
  const responses = state.responses.values()
    .flatMap(({ inputItems, response }) => [...inputItems, ...response.output]);
  const item = [...conversations, ...responses].find((stored) => stored.id === id);
  if (item) return item;
  throw new ApiError(404, `Item with id '${id}' not found.`, { param: "input" });
}

function refuse(message: string): never {
  throw new ApiError(400, message, { param: "input" });
}
