import type { Responses } from "openai/resources/responses/responses";
import { restoreNames } from "../../openai/file-marker.ts";
import type { FindFile } from "./map-sources.ts";

type Item = Responses.ResponseOutputItem;
type FileSearchCall = Responses.ResponseFileSearchToolCall;
type WebAction = Responses.ResponseFunctionWebSearch["action"];

/**
 * A tool call that the provider runs itself, with only the data that a client may see. It has no text of a document, no
 * output of a program and no error message of OpenAI.
 */
export interface ProviderCall {
  toolCallId: string;
  toolName: string;
  /** Set for tools whose names are not known beforehand (MCP). */
  dynamic?: true;
  /** True if an earlier response has shown the call with its input. */
  isShown?: true;
  input: unknown;
  output: unknown;
  failed: boolean;
}

/**
 * Items that are not tool calls of the provider. Messages and reasoning have events of their own, and `readToolCall`
 * reads the calls that Parley runs or the user approves. Parley sends no other tools that it would have to run.
 */
type IgnoredItem = Extract<Item, {
  type:
    | "message"
    | "reasoning"
    | "compaction"
    | "additional_tools"
    | "function_call"
    | "function_call_output"
    | "custom_tool_call"
    | "custom_tool_call_output"
    | "computer_call"
    | "computer_call_output"
    | "local_shell_call"
    | "local_shell_call_output"
    | "shell_call"
    | "shell_call_output"
    | "apply_patch_call"
    | "apply_patch_call_output"
    | "program"
    | "program_output"
    | "tool_search_call"
    | "tool_search_output"
    | "mcp_list_tools"
    | "mcp_approval_request"
    | "mcp_approval_response";
}>;

/**
 * Reads a tool call of the provider from an output item; `undefined` for any other item. The tool names are those of
 * `@ai-sdk/openai`, so clients for that package work unchanged.
 */
export function readProviderCall(item: Item, findFile: FindFile): ProviderCall | undefined {
  switch (item.type) {
    case "file_search_call":
      return describe(item, "file_search", searchInput(item), searchOutput(item, findFile));
    case "web_search_call":
      return describe(item, "web_search", webInput(item.action), webOutput(item.action));
    case "code_interpreter_call":
      return describe(item, "code_interpreter", { code: item.code ?? "" }, {});
    case "image_generation_call":
      return describe(item, "image_generation", {}, {});
    case "mcp_call":
      return {
        ...describe(item, `mcp.${item.name}`, mcpInput(item), {}),
        // The request for the user's approval has shown the call under its own id.
        ...(item.approval_request_id && { toolCallId: item.approval_request_id, isShown: true }),
        dynamic: true,
      };
    default:
      item satisfies IgnoredItem;
      return undefined;
  }
}

function describe(
  item: { id: string; status?: string; error?: unknown },
  toolName: string,
  input: unknown,
  output: unknown,
): ProviderCall {
  const shown = { input: restoreAll(input), output: restoreAll(output) };
  const failed = item.status === "failed" || item.status === "incomplete" || item.error != null;
  return { toolCallId: item.id, toolName, ...shown, failed };
}

/** Returns a value of JSON in which files have their names for people, because the model may repeat a name. */
function restoreAll(value: unknown): unknown {
  if (typeof value === "string") return restoreNames(value);
  if (Array.isArray(value)) return value.map(restoreAll);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, restoreAll(inner)]));
}

function searchInput(item: FileSearchCall): unknown {
  return { queries: item.queries ?? [] };
}

function searchOutput(item: FileSearchCall, findFile: FindFile): unknown {
  const results = (item.results ?? []).map(({ file_id, filename, score }) => {
    const file = file_id ? findFile(file_id) : undefined;
    return { file_id: file?.id ?? file_id, file_name: file?.file_name ?? filename, score };
  });
  return { results };
}

// The type requires an action, but a call that has just begun may not have one.
function webInput(action: WebAction | undefined): unknown {
  switch (action?.type) {
    case "search":
      return { queries: action.queries ?? (action.query ? [action.query] : []) };
    case "open_page":
      return { url: action.url };
    case "find_in_page":
      return { url: action.url, pattern: action.pattern };
    default:
      return {};
  }
}

function webOutput(action: WebAction | undefined): unknown {
  const sources = action?.type === "search" ? action.sources ?? [] : [];
  return { urls: sources.map((source) => source.url) };
}

function mcpInput(item: { arguments: string }): unknown {
  try {
    return JSON.parse(item.arguments || "{}");
  } catch {
    return {}; // The arguments were cut off.
  }
}

/** A call that Parley must answer before the model goes on: of a function, or for a tool of an MCP server. */
export interface ToolCall {
  /** OpenAI's id of the call, or of the request for approval. */
  call_id: string;
  /** The slug of the tool. */
  name: string;
  /** The arguments as the model wrote them, which should be JSON. */
  arguments: string;
  /** The name in the reply. */
  toolName: string;
  /** True for a tool of an MCP server, which OpenAI runs when the user approves. */
  isRemote: boolean;
}

/** Reads a call that Parley must answer from an output item; `undefined` for any other item and a call that was cut. */
export function readToolCall(item: Item): ToolCall | undefined {
  switch (item.type) {
    case "function_call": {
      const { call_id, name, status } = item;
      if (status === "incomplete" || status === "in_progress") return undefined;
      return { call_id, name, arguments: item.arguments, toolName: name, isRemote: false };
    }
    case "mcp_approval_request": {
      const { id: call_id, server_label: name } = item;
      const toolName = `mcp.${item.name}`;
      return { call_id, name, arguments: item.arguments, toolName, isRemote: true };
    }
    default:
      return undefined;
  }
}

/** Returns the arguments of a call as the reply shows them: JSON, or the text if it is none. */
export function readInput(call: ToolCall): unknown {
  try {
    return restoreAll(JSON.parse(call.arguments || "{}"));
  } catch {
    return call.arguments;
  }
}
