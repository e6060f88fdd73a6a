import type { Responses } from "openai/resources/responses/responses";
import type { Item } from "../wire-types.ts";
import type { PlannedMcpCall, PlannedMcpTools } from "./answer-plan.ts";
import type { McpServers, McpTool } from "./mcp-settings.ts";
import { argumentsFor, isNamedIn, isOpenQuestion, lastText } from "./call-tools.ts";

type Filter = { read_only?: boolean; tool_names?: string[] };

const REASONS: Record<number, string> = {
  401: "Unauthorized",
  404: "Not Found",
  424: "Failed Dependency",
  500: "Internal Server Error",
};

/** A server that does not list its tools, and OpenAI's message about it. */
export interface McpFailure {
  server: string;
  message: string;
}

/**
 * Returns the first server whose tools cannot be listed; null if there is none. The message as in
 * https://github.com/agentgateway/agentgateway/issues/383 and https://plaid.com/docs/resources/mcp/.
 */
export function findFailure(
  servers: McpServers,
  asked: readonly Responses.Tool.Mcp[],
  history: readonly Item[],
): McpFailure | null {
  for (const tool of asked) {
    const server = servers[tool.server_label];
    if (!server || isListed(tool.server_label, history)) continue;
    const denied = server.authorization !== undefined &&
      server.authorization !== tool.authorization;
    const status = server.fails ?? (denied ? 401 : null);
    if (status === null) continue;
    const reason = `Http status code: ${status} (${REASONS[status] ?? "Error"})`;
    const message = `Error retrieving tool list from MCP server: '${tool.server_label}'. ${reason}`;
    return { server: tool.server_label, message };
  }
  return null;
}

/**
 * Plans what the model does with MCP servers: it lists the tools of a server that the conversation has not listed,
 * runs calls that the user approved, and calls tools that the message names, or asks for approval of them
 * (https://developers.openai.com/api/docs/guides/tools-connectors-mcp).
 */
export function callServers(
  servers: McpServers,
  tools: readonly Responses.Tool[],
  history: readonly Item[],
  input: readonly Item[],
): (PlannedMcpTools | PlannedMcpCall)[] {
  const offered = mcpTools(tools).flatMap((tool) => {
    const known = servers[tool.server_label]?.tools;
    const names = known?.filter((one) => isAllowed(tool, one));
    return names ? { tool, server: tool.server_label, tools: names } : [];
  });
  const lists = offered.filter(({ server }) => !isListed(server, history))
    .map(({ server, tools }) => ({ type: "mcp_list_tools" as const, server, tools }));
  const approved = approvals(history, input).map(({ request, approve }) => {
    const tool = servers[request.server_label]?.tools.find(({ name }) => name === request.name);
    const { server_label: server, arguments: json } = request;
    return approve ? { ...planCall(server, tool ?? request, json), approval: request.id } : null;
  }).filter((call) => call !== null);
  const text = lastText(input);
  const isNamed = isNamedIn(text);
  const named = offered.flatMap(({ tool, server, tools }) =>
    tools.filter(({ name }) => isOpenQuestion(input) && isNamed(name)).map((one) => ({
      ...planCall(server, one, argumentsFor(text, one.input_schema)),
      ...(needsApproval(tool, one) && { type: "mcp_approval_request" as const }),
    }))
  );
  return [...lists, ...approved, ...named];
}

/** Returns the sentences about calls in `input` that the user denied. */
export function quoteDenials(history: readonly Item[], input: readonly Item[]): string[] {
  return approvals(history, input).filter(({ approve }) => !approve)
    .map(({ request, reason }) => `You denied ${request.name}${reason ? `: ${reason}` : ""}.`);
}

function planCall(
  server: string,
  { name, output, error }: Pick<McpTool, "name" | "output" | "error">,
  json: string,
): PlannedMcpCall {
  const type = "mcp_call";
  return {
    type,
    server,
    name,
    arguments: json,
    output: output ?? "The server has done it.",
    error,
  };
}

function approvals(history: readonly Item[], input: readonly Item[]) {
  const requests = [...history, ...input].filter((item) => item.type === "mcp_approval_request");
  return input.flatMap((item) => {
    if (item.type !== "mcp_approval_response") return [];
    const request = requests.find(({ id }) => id === item.approval_request_id);
    return request ? { request, approve: item.approve, reason: item.reason } : [];
  });
}

/** A list in the conversation is used again, and the server not asked (same guide). */
function isListed(server: string, history: readonly Item[]): boolean {
  return history.some((item) => item.type === "mcp_list_tools" && item.server_label === server);
}

function mcpTools(tools: readonly Responses.Tool[]): Responses.Tool.Mcp[] {
  return tools.filter((tool) => tool.type === "mcp");
}

function isAllowed({ allowed_tools }: Responses.Tool.Mcp, tool: McpTool): boolean {
  if (!allowed_tools) return true;
  return matches(
    Array.isArray(allowed_tools) ? { tool_names: allowed_tools } : allowed_tools,
    tool,
  );
}

/** Approval is needed unless the request says otherwise (same guide). */
function needsApproval({ require_approval: rule }: Responses.Tool.Mcp, tool: McpTool): boolean {
  if (typeof rule === "string") return rule === "always";
  if (rule?.always && matches(rule.always, tool)) return true;
  return !(rule?.never && matches(rule.never, tool));
}

function matches({ tool_names, read_only }: Filter, tool: McpTool): boolean {
  return (tool_names?.includes(tool.name) ?? true) &&
    (read_only === undefined || read_only === (tool.read_only ?? false));
}
