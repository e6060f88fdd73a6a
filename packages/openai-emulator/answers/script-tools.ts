import type { Responses } from "openai/resources/responses/responses";
import type {
  PlannedCodeRun,
  PlannedFunctionCall,
  PlannedImage,
  PlannedMcpCall,
  PlannedMcpTools,
  PlannedToolItem,
} from "./answer-plan.ts";
import type { McpTool } from "./mcp-settings.ts";
import { newId } from "../new-id.ts";
import type { ScriptOptions } from "./script-message.ts";
import type { EventDraft, OutputItem } from "../wire-types.ts";

/** The number of characters in one delta of JSON or code. */
const DELTA = 12;

type Drafts = Generator<EventDraft, void>;
type Place = { item_id: string; output_index: number };

/** Yields the events of one tool item; see `scriptEvents`. */
export function scriptTool(
  plan: PlannedToolItem,
  output: OutputItem[],
  options: ScriptOptions,
): Drafts {
  switch (plan.type) {
    case "function_call":
      return scriptFunctionCall(plan, output, options);
    case "mcp_list_tools":
      return scriptMcpTools(plan, output);
    case "mcp_call":
      return scriptMcpCall(plan, output);
    case "mcp_approval_request":
      return scriptMcpApproval(plan, output);
    case "image_generation_call":
      return scriptImage(plan, output);
    case "code_interpreter_call":
      return scriptCodeRun(plan, output);
  }
}

/** A call that fails or is incomplete stops after half of its arguments. */
function* scriptFunctionCall(
  plan: PlannedFunctionCall,
  output: OutputItem[],
  { end }: ScriptOptions,
): Drafts {
  const json = end === "completed"
    ? plan.arguments
    : plan.arguments.slice(0, plan.arguments.length / 2);
  const item: Responses.ResponseFunctionToolCallItem = {
    id: newId("fc"),
    type: "function_call",
    status: "in_progress",
    arguments: "",
    call_id: newId("call"),
    name: plan.name,
  };
  yield* scriptItem(item, output, function* (place) {
    for (const delta of splitCode(json)) {
      yield { type: "response.function_call_arguments.delta", ...place, delta };
      item.arguments += delta;
    }
    if (end === "failed") return false;
    yield {
      type: "response.function_call_arguments.done",
      ...place,
      arguments: json,
      name: plan.name,
    };
    item.status = end;
  });
}

function* scriptMcpTools(
  { server, tools, error }: PlannedMcpTools,
  output: OutputItem[],
): Drafts {
  const item: Responses.ResponseOutputItem.McpListTools = {
    id: newId("mcpl"),
    type: "mcp_list_tools",
    server_label: server,
    tools: [],
  };
  yield* scriptItem(item, output, function* (place) {
    yield { type: "response.mcp_list_tools.in_progress", ...place };
    const result = error === undefined ? "completed" : "failed";
    yield { type: `response.mcp_list_tools.${result}`, ...place };
    if (error !== undefined) item.error = error;
    else item.tools = tools.map(describeTool);
  });
}

function describeTool({ name, description, input_schema, read_only }: McpTool) {
  return {
    name,
    description: description ?? null,
    input_schema: input_schema ?? { type: "object" },
    annotations: { read_only: read_only ?? false },
  };
}

function* scriptMcpCall(plan: PlannedMcpCall, output: OutputItem[]): Drafts {
  const item: Responses.ResponseOutputItem.McpCall = {
    id: newId("mcp"),
    type: "mcp_call",
    status: "in_progress",
    approval_request_id: plan.approval ?? null,
    server_label: plan.server,
    name: plan.name,
    arguments: "",
    output: null,
    error: null,
  };
  yield* scriptItem(item, output, function* (place) {
    yield { type: "response.mcp_call.in_progress", ...place };
    for (const delta of splitCode(plan.arguments)) {
      yield { type: "response.mcp_call_arguments.delta", ...place, delta };
      item.arguments += delta;
    }
    yield { type: "response.mcp_call_arguments.done", ...place, arguments: plan.arguments };
    if (plan.error === undefined) {
      yield { type: "response.mcp_call.completed", ...place };
      item.status = "completed";
      item.output = plan.output;
    } else {
      yield { type: "response.mcp_call.failed", ...place };
      item.status = "failed";
      const content = [{ type: "text", text: plan.error }];
      item.error = { type: "mcp_tool_execution_error", content };
    }
  });
}

function* scriptMcpApproval(plan: PlannedMcpCall, output: OutputItem[]): Drafts {
  const item: Responses.ResponseOutputItem.McpApprovalRequest = {
    id: newId("mcpr"),
    type: "mcp_approval_request",
    server_label: plan.server,
    name: plan.name,
    arguments: plan.arguments,
  };
  yield* scriptItem(item, output, function* () {});
}

function* scriptImage(plan: PlannedImage, output: OutputItem[]): Drafts {
  const item: Responses.ResponseOutputItem.ImageGenerationCall = {
    id: newId("ig"),
    type: "image_generation_call",
    status: "in_progress",
    result: null,
    output_format: "png",
    revised_prompt: plan.prompt,
  };
  yield* scriptItem(item, output, function* (place) {
    yield { type: "response.image_generation_call.in_progress", ...place };
    yield { type: "response.image_generation_call.generating", ...place };
    item.status = "generating";
    for (let partial_image_index = 0; partial_image_index < plan.partialImages;) {
      const image = { partial_image_index, partial_image_b64: plan.image, output_format: "png" };
      yield { type: "response.image_generation_call.partial_image", ...place, ...image };
      partial_image_index++;
    }
    yield { type: "response.image_generation_call.completed", ...place };
    item.status = "completed";
    item.result = plan.image;
  });
}

function* scriptCodeRun(plan: PlannedCodeRun, output: OutputItem[]): Drafts {
  const item: Responses.ResponseCodeInterpreterToolCall & { code: string } = {
    id: newId("ci"),
    type: "code_interpreter_call",
    status: "in_progress",
    code: "",
    container_id: plan.file.containerId,
    outputs: null,
  };
  yield* scriptItem(item, output, function* (place) {
    yield { type: "response.code_interpreter_call.in_progress", ...place };
    for (const delta of splitCode(plan.code)) {
      yield { type: "response.code_interpreter_call_code.delta", ...place, delta };
      item.code += delta;
    }
    yield { type: "response.code_interpreter_call_code.done", ...place, code: plan.code };
    yield { type: "response.code_interpreter_call.interpreting", ...place };
    item.status = "interpreting";
    yield { type: "response.code_interpreter_call.completed", ...place };
    item.status = "completed";
    item.outputs = [{ type: "logs", logs: plan.logs }];
  });
}

/**
 * Yields the events around those of `steps`, which change the item while it is in the output. After steps that return
 * false, the item is not done.
 */
function* scriptItem(
  item: OutputItem,
  output: OutputItem[],
  steps: (place: Place) => Generator<EventDraft, boolean | void>,
): Drafts {
  const output_index = output.length;
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  if ((yield* steps({ item_id: item.id, output_index })) === false) return;
  yield { type: "response.output_item.done", output_index, item: structuredClone(item) };
}

function splitCode(text: string): string[] {
  return text.match(new RegExp(`[^]{1,${DELTA}}`, "gu")) ?? [];
}
