import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import { TOOL_FAILED_TEXT } from "../../../../functions/_shared/turn/events/map-events.ts";
import {
  completed,
  created,
  fileSearch,
  itemAdded,
  itemDone,
} from "../../../helpers/openai-events.ts";
import { DOCUMENT_TEXT, end, input, output, type Scenario, start, toolError } from "./scenario.ts";

const searched = fileSearch({
  status: "completed",
  queries: ["holidays"],
  results: [
    { file_id: "file-known", filename: "upload-1.pdf", score: 0.9, text: DOCUMENT_TEXT },
    { file_id: "file-other", filename: "notes.md", score: 0.4, text: DOCUMENT_TEXT },
  ],
});

const webSearch: Responses.ResponseFunctionWebSearch = {
  id: "ws_1",
  type: "web_search_call",
  status: "completed",
  action: {
    type: "search",
    queries: ["parley"],
    sources: [{ type: "url", url: "https://example.com/a" }],
  },
};

const codeCall: Responses.ResponseCodeInterpreterToolCall = {
  id: "ci_1",
  type: "code_interpreter_call",
  status: "in_progress",
  container_id: "cntr_1",
  code: null,
  outputs: null,
};

const mcpCall: Responses.ResponseOutputItem.McpCall = {
  id: "mcp_1",
  type: "mcp_call",
  name: "lookup",
  server_label: "crm",
  arguments: "",
};

const imageCall: Responses.ResponseOutputItem.ImageGenerationCall = {
  id: "ig_1",
  type: "image_generation_call",
  status: "in_progress",
  result: null,
};

function mcpInput(value: unknown): UIMessageChunk {
  return {
    type: "tool-input-available",
    toolCallId: "mcp_1",
    toolName: "mcp.lookup",
    input: value,
    providerExecuted: true,
    dynamic: true,
  };
}

/** Calls of tools that the provider runs, and what a client may see of them. */
export const tools: Scenario[] = [
  {
    name: "a file search, with file names and scores and no document text",
    events: [created(), itemAdded(fileSearch()), itemDone(searched), completed()],
    chunks: [
      start,
      input("fs_1", "file_search", { queries: [] }),
      input("fs_1", "file_search", { queries: ["holidays"] }),
      output("fs_1", {
        results: [
          { file_id: "our-file", file_name: "Handbook.pdf", score: 0.9 },
          { file_id: "file-other", file_name: "notes.md", score: 0.4 },
        ],
      }),
      end,
    ],
  },
  {
    name: "a file search whose results were not requested",
    events: [created(), itemDone(fileSearch({ status: "completed", results: null })), completed()],
    chunks: [
      start,
      input("fs_1", "file_search", { queries: [] }),
      output("fs_1", { results: [] }),
      end,
    ],
  },
  {
    name: "a file search that fails",
    events: [
      created(),
      itemAdded(fileSearch()),
      itemDone(fileSearch({ status: "failed", queries: ["x"] })),
      completed(),
    ],
    chunks: [
      start,
      input("fs_1", "file_search", { queries: [] }),
      input("fs_1", "file_search", { queries: ["x"] }),
      toolError("fs_1", TOOL_FAILED_TEXT),
      end,
    ],
  },
  {
    name: "a web search",
    events: [created(), itemDone(webSearch), completed()],
    chunks: [
      start,
      input("ws_1", "web_search", { queries: ["parley"] }),
      output("ws_1", { urls: ["https://example.com/a"] }),
      end,
    ],
  },
  {
    name: "a web search that opens a page and looks in another",
    events: [
      created(),
      itemDone({ ...webSearch, action: { type: "open_page", url: "https://example.com/a" } }),
      itemDone({
        ...webSearch,
        id: "ws_2",
        action: { type: "find_in_page", url: "https://example.com/b", pattern: "x" },
      }),
      completed(),
    ],
    chunks: [
      start,
      input("ws_1", "web_search", { url: "https://example.com/a" }),
      output("ws_1", { urls: [] }),
      input("ws_2", "web_search", { url: "https://example.com/b", pattern: "x" }),
      output("ws_2", { urls: [] }),
      end,
    ],
  },
  {
    name: "a program, without its output",
    events: [
      created(),
      itemAdded(codeCall),
      itemDone({
        ...codeCall,
        status: "completed",
        code: "print(1)",
        outputs: [{ type: "logs", logs: DOCUMENT_TEXT }],
      }),
      completed(),
    ],
    chunks: [
      start,
      input("ci_1", "code_interpreter", { code: "" }),
      input("ci_1", "code_interpreter", { code: "print(1)" }),
      output("ci_1", {}),
      end,
    ],
  },
  {
    name: "a generated image, without its bytes",
    events: [
      created(),
      itemAdded(imageCall),
      itemDone({ ...imageCall, status: "completed", result: DOCUMENT_TEXT }),
      completed(),
    ],
    chunks: [
      start,
      input("ig_1", "image_generation", {}),
      input("ig_1", "image_generation", {}),
      output("ig_1", {}),
      end,
    ],
  },
  {
    name: "an MCP call is dynamic and does not show the server's output",
    events: [
      created(),
      itemAdded(mcpCall),
      itemDone({ ...mcpCall, arguments: '{"id":7}', output: DOCUMENT_TEXT, status: "completed" }),
      completed(),
    ],
    chunks: [start, mcpInput({}), mcpInput({ id: 7 }), output("mcp_1", {}), end],
  },
  {
    name: "an MCP call that fails with arguments cut short",
    events: [
      created(),
      itemDone({
        ...mcpCall,
        arguments: '{"id":',
        error: { type: "http_error", code: 500, message: DOCUMENT_TEXT },
      }),
      completed(),
    ],
    chunks: [start, mcpInput({}), toolError("mcp_1", TOOL_FAILED_TEXT), end],
  },
  {
    name: "a call of a function that Parley or the app runs",
    events: [
      created(),
      itemAdded({ type: "function_call", call_id: "call_1", name: "f", arguments: "" }),
      itemDone({ type: "function_call", call_id: "call_1", name: "f", arguments: "{}" }),
      completed(),
    ],
    chunks: [
      start,
      { type: "tool-input-available", toolCallId: "call_1", toolName: "f", input: {} },
      end,
    ],
  },
];
