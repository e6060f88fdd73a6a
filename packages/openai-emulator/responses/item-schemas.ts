import * as z from "zod";
import { ItemStatus, MessageInput } from "../conversations/message-schemas.ts";
import { CallItems } from "./call-schemas.ts";
import { JsonSchema, PlainText, ReasoningEffort } from "./text-schemas.ts";
import { ToolInput } from "./tool-schemas.ts";

const id = z.string();
const optionalId = z.string().nullish();
const status = ItemStatus.nullish();

const execution = z.enum(["server", "client"]).optional();

const ToolSearchCall = z.strictObject({
  type: z.literal("tool_search_call"),
  arguments: z.unknown(),
  id: optionalId,
  call_id: z.string().nullish(),
  execution,
  status,
});

const ToolSearchOutput = z.strictObject({
  type: z.literal("tool_search_output"),
  tools: z.array(ToolInput),
  id: optionalId,
  call_id: z.string().nullish(),
  execution,
  status,
});

const AdditionalTools = z.strictObject({
  type: z.literal("additional_tools"),
  role: z.literal("developer"),
  tools: z.array(ToolInput),
  id: optionalId,
});

const ConfigurationUpdate = z.strictObject({
  type: z.literal("configuration_update"),
  id: optionalId,
  reasoning: z.strictObject({ effort: ReasoningEffort.nullish() }).optional(),
  text: z.strictObject({ format: z.discriminatedUnion("type", [PlainText, JsonSchema]) })
    .optional(),
});

const ReasoningItem = z.strictObject({
  type: z.literal("reasoning"),
  id,
  summary: z.array(z.strictObject({ type: z.literal("summary_text"), text: z.string() })),
  content: z.array(z.strictObject({ type: z.literal("reasoning_text"), text: z.string() }))
    .optional(),
  encrypted_content: z.string().nullish(),
  status: ItemStatus.optional(),
});

const Compaction = z.strictObject({
  type: z.literal("compaction"),
  encrypted_content: z.string(),
  id: optionalId,
});

const CompactionTrigger = z.strictObject({ type: z.literal("compaction_trigger"), id: optionalId });

const McpListTools = z.strictObject({
  type: z.literal("mcp_list_tools"),
  id,
  server_label: z.string(),
  tools: z.array(z.strictObject({
    input_schema: z.unknown(),
    name: z.string(),
    annotations: z.unknown(),
    description: z.string().nullish(),
  })),
  error: z.string().nullish(),
});

const McpApprovalRequest = z.strictObject({
  type: z.literal("mcp_approval_request"),
  id,
  arguments: z.string(),
  name: z.string(),
  server_label: z.string(),
});

const McpApprovalResponse = z.strictObject({
  type: z.literal("mcp_approval_response"),
  approval_request_id: z.string(),
  approve: z.boolean(),
  id: optionalId,
  reason: z.string().nullish(),
});

const McpCall = z.strictObject({
  type: z.literal("mcp_call"),
  id,
  arguments: z.string(),
  name: z.string(),
  server_label: z.string(),
  approval_request_id: z.string().nullish(),
  error: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("mcp_protocol_error"), code: z.int(), message: z.string() }),
    z.strictObject({ type: z.literal("mcp_tool_execution_error"), content: z.unknown() }),
    z.strictObject({ type: z.literal("http_error"), code: z.int(), message: z.string() }),
  ]).nullish(),
  output: z.string().nullish(),
  status: z.enum(["in_progress", "completed", "incomplete", "calling", "failed"]).optional(),
});

const ItemReference = z.strictObject({ type: z.literal("item_reference"), id });

const Program = z.strictObject({
  type: z.literal("program"),
  id,
  call_id: z.string(),
  code: z.string(),
  fingerprint: z.string(),
});

const ProgramOutput = z.strictObject({
  type: z.literal("program_output"),
  id,
  call_id: z.string(),
  result: z.string(),
  status: z.enum(["completed", "incomplete"]),
});

/** An item of a request with its type. */
export const TypedItem = z.discriminatedUnion("type", [
  MessageInput,
  ...CallItems,
  ToolSearchCall,
  ToolSearchOutput,
  AdditionalTools,
  ConfigurationUpdate,
  ReasoningItem,
  Compaction,
  CompactionTrigger,
  McpListTools,
  McpApprovalRequest,
  McpApprovalResponse,
  McpCall,
  ItemReference,
  Program,
  ProgramOutput,
]);

/**
 * An item of a request. As at OpenAI, an item without a type is a message, or a reference if it has an id and
 * no role.
 */
export const InputItem = z.preprocess(nameType, TypedItem);
export type InputItem = z.infer<typeof InputItem>;

function nameType(item: unknown): unknown {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
  if ("type" in item && item.type != null) return item;
  const isReference = "id" in item && !("role" in item);
  return { ...item, type: isReference ? "item_reference" : "message" };
}
