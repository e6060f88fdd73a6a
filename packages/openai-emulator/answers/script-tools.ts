import type { Responses } from "openai/resources/responses/responses";
import type {
  PlannedCodeRun,
  PlannedFunctionCall,
  PlannedImage,
  PlannedMcpCall,
  PlannedMcpTools,
  PlannedToolItem,
} from "./answer-plan.ts";
import { newId } from "../new-id.ts";
import type { EventDraft, OutputItem } from "../wire-types.ts";

/** The number of characters in one delta of JSON or code. */
const DELTA = 12;

type Drafts = Generator<EventDraft, void>;
type Place = { item_id: string; output_index: number };

/** Yields the events of one tool item; see `scriptEvents`. */
export function scriptTool(plan: PlannedToolItem, output: OutputItem[]): Drafts {
  switch (plan.type) {
    case "function_call":
      return scriptFunctionCall(plan, output);
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

function* scriptFunctionCall(plan: PlannedFunctionCall, output: OutputItem[]): Drafts {
  const item: Responses.ResponseFunctionToolCallItem = {
    id: newId("fc"),
    type: "function_call",
    status: "in_progress",
    arguments: "",
    call_id: newId("call"),
    name: plan.name,
  };
  yield* scriptItem(item, output, function* (place) {
    for (const delta of splitCode(plan.arguments)) {
      yield { type: "response.function_call_arguments.delta", ...place, delta };
      item.arguments += delta;
    }
    const { arguments: json } = plan;
    yield { type: "response.function_call_arguments.done", ...place, arguments: json };
    item.status = "completed";
  });
}

function* scriptMcpTools({ server, names }: PlannedMcpTools, output: OutputItem[]): Drafts {
  const tools = names.map((name) => ({ name, input_schema: { type: "object" } }));
  const item: Responses.ResponseOutputItem.McpListTools = {
    id: newId("mcpl"),
    type: "mcp_list_tools",
    server_label: server,
    tools: [],
  };
  yield* scriptItem(item, output, function* (place) {
    yield { type: "response.mcp_list_tools.in_progress", ...place };
    yield { type: "response.mcp_list_tools.completed", ...place };
    item.tools = tools;
  });
}

function* scriptMcpCall(plan: PlannedMcpCall, output: OutputItem[]): Drafts {
  const item: Responses.ResponseOutputItem.McpCall = {
    id: newId("mcp"),
    type: "mcp_call",
    status: "in_progress",
    approval_request_id: null,
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
    yield { type: "response.mcp_call.completed", ...place };
    item.status = "completed";
    item.output = plan.output;
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

/** Yields the events around those of `steps`, which change the item while it is in the output. */
function* scriptItem(
  item: OutputItem,
  output: OutputItem[],
  steps: (place: Place) => Drafts,
): Drafts {
  const output_index = output.length;
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  yield* steps({ item_id: item.id, output_index });
  yield { type: "response.output_item.done", output_index, item: structuredClone(item) };
}

function splitCode(text: string): string[] {
  return text.match(new RegExp(`[^]{1,${DELTA}}`, "gu")) ?? [];
}
