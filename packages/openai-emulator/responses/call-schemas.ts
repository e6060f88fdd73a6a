import * as z from "zod";
import { InputPart, ItemStatus } from "../conversations/message-schemas.ts";
import { ContainerReference, LocalEnvironment } from "./shell-schemas.ts";

const id = z.string();
const optionalId = z.string().nullish();
const status = ItemStatus.nullish();

const Caller = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("direct") }),
  z.strictObject({ type: z.literal("program"), caller_id: z.string() }),
]);
const caller = Caller.nullish();

const SafetyCheck = z.strictObject({
  id,
  code: z.string().nullish(),
  message: z.string().nullish(),
});

const keys = z.array(z.string()).nullish();
const at = { x: z.number(), y: z.number() };

const ComputerAction = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("click"),
    button: z.enum(["left", "right", "wheel", "back", "forward"]),
    ...at,
    keys,
  }),
  z.strictObject({ type: z.literal("double_click"), ...at, keys }),
  z.strictObject({ type: z.literal("drag"), path: z.array(z.strictObject(at)), keys }),
  z.strictObject({ type: z.literal("keypress"), keys: z.array(z.string()) }),
  z.strictObject({ type: z.literal("move"), ...at, keys }),
  z.strictObject({ type: z.literal("screenshot") }),
  z.strictObject({
    type: z.literal("scroll"),
    scroll_x: z.number(),
    scroll_y: z.number(),
    ...at,
    keys,
  }),
  z.strictObject({ type: z.literal("type"), text: z.string() }),
  z.strictObject({ type: z.literal("wait") }),
]);

const ComputerCall = z.strictObject({
  type: z.literal("computer_call"),
  id,
  call_id: z.string(),
  pending_safety_checks: z.array(SafetyCheck),
  status: ItemStatus,
  action: ComputerAction.optional(),
  actions: z.array(ComputerAction).optional(),
});

const ComputerCallOutput = z.strictObject({
  type: z.literal("computer_call_output"),
  call_id: z.string(),
  output: z.strictObject({
    type: z.literal("computer_screenshot"),
    file_id: z.string().optional(),
    image_url: z.string().optional(),
  }),
  id: optionalId,
  acknowledged_safety_checks: z.array(SafetyCheck).nullish(),
  status,
});

const SearchAttributes = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const FileSearchCall = z.strictObject({
  type: z.literal("file_search_call"),
  id,
  queries: z.array(z.string()),
  status: z.enum(["in_progress", "searching", "completed", "incomplete", "failed"]),
  results: z.array(z.strictObject({
    attributes: SearchAttributes.nullish(),
    file_id: z.string().optional(),
    filename: z.string().optional(),
    score: z.number().optional(),
    text: z.string().optional(),
  })).nullish(),
});

const WebSearchCall = z.strictObject({
  type: z.literal("web_search_call"),
  id,
  action: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("search"),
      queries: z.array(z.string()).optional(),
      query: z.string().optional(),
      sources: z.array(z.strictObject({ type: z.literal("url"), url: z.string() })).optional(),
    }),
    z.strictObject({ type: z.literal("open_page"), url: z.string().nullish() }),
    z.strictObject({ type: z.literal("find_in_page"), pattern: z.string(), url: z.string() }),
  ]),
  status: z.enum(["in_progress", "searching", "completed", "failed", "incomplete"]),
});

const FunctionCall = z.strictObject({
  type: z.literal("function_call"),
  arguments: z.string(),
  call_id: z.string(),
  name: z.string(),
  id: z.string().optional(),
  async: z.boolean().optional(),
  caller,
  namespace: z.string().optional(),
  status: ItemStatus.optional(),
});

const FunctionCallOutput = z.strictObject({
  type: z.literal("function_call_output"),
  output: z.union([z.string(), z.array(InputPart)]),
  id: optionalId,
  call_id: z.string().nullish(),
  caller,
  name: z.string().nullish(),
  namespace: z.string().nullish(),
  status,
});

const CustomToolCall = z.strictObject({
  type: z.literal("custom_tool_call"),
  call_id: z.string(),
  input: z.string(),
  name: z.string(),
  id: z.string().optional(),
  async: z.boolean().optional(),
  caller,
  namespace: z.string().optional(),
});

const CustomToolCallOutput = z.strictObject({
  type: z.literal("custom_tool_call_output"),
  call_id: z.string(),
  output: z.union([z.string(), z.array(InputPart)]),
  id: z.string().optional(),
  caller,
});

const ImageGenerationCall = z.strictObject({
  type: z.literal("image_generation_call"),
  id,
  result: z.string().nullable(),
  status: z.enum(["in_progress", "completed", "generating", "failed"]),
  action: z.enum(["generate", "edit", "auto"]).nullish(),
  background: z.enum(["transparent", "opaque", "auto"]).nullish(),
  error: z.strictObject({
    code: z.string().nullable(),
    message: z.string(),
    param: z.string().nullable(),
    type: z.string(),
    moderation_details: z.strictObject({
      categories: z.array(z.string()),
      moderation_stage: z.enum(["input", "output", "unknown"]),
    }).optional(),
  }).optional(),
  output_format: z.enum(["png", "webp", "jpeg", "gif", "svg"]).nullish(),
  quality: z.enum(["low", "medium", "high", "xhigh", "max", "auto"]).nullish(),
  revised_prompt: z.string().nullish(),
  size: z.string().nullish(),
  svg_usage: z.strictObject({
    input_tokens: z.int(),
    model: z.string(),
    output_tokens: z.int(),
    reasoning_tokens: z.int(),
    total_tokens: z.int(),
  }).optional(),
});

const CodeInterpreterCall = z.strictObject({
  type: z.literal("code_interpreter_call"),
  id,
  code: z.string().nullable(),
  container_id: z.string(),
  outputs: z.array(z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("logs"), logs: z.string() }),
    z.strictObject({ type: z.literal("image"), url: z.string() }),
  ])).nullable(),
  status: z.enum(["in_progress", "completed", "incomplete", "interpreting", "failed"]),
});

const LocalShellCall = z.strictObject({
  type: z.literal("local_shell_call"),
  id,
  action: z.strictObject({
    type: z.literal("exec"),
    command: z.array(z.string()),
    env: z.record(z.string(), z.string()),
    timeout_ms: z.int().nullish(),
    user: z.string().nullish(),
    working_directory: z.string().nullish(),
  }),
  call_id: z.string(),
  status: ItemStatus,
});

const LocalShellCallOutput = z.strictObject({
  type: z.literal("local_shell_call_output"),
  id,
  output: z.string(),
  status,
});

const ShellCall = z.strictObject({
  type: z.literal("shell_call"),
  action: z.strictObject({
    commands: z.array(z.string()),
    max_output_length: z.int().nullish(),
    timeout_ms: z.int().nullish(),
  }),
  call_id: z.string(),
  id: optionalId,
  caller,
  environment: z.discriminatedUnion("type", [LocalEnvironment, ContainerReference]).nullish(),
  status,
});

const ShellCallOutput = z.strictObject({
  type: z.literal("shell_call_output"),
  call_id: z.string(),
  output: z.array(z.strictObject({
    outcome: z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("timeout") }),
      z.strictObject({ type: z.literal("exit"), exit_code: z.int() }),
    ]),
    stderr: z.string(),
    stdout: z.string(),
  })),
  id: optionalId,
  caller,
  max_output_length: z.int().nullish(),
  status,
});

const ApplyPatchCall = z.strictObject({
  type: z.literal("apply_patch_call"),
  call_id: z.string(),
  operation: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("create_file"), diff: z.string(), path: z.string() }),
    z.strictObject({ type: z.literal("delete_file"), path: z.string() }),
    z.strictObject({ type: z.literal("update_file"), diff: z.string(), path: z.string() }),
  ]),
  status: z.enum(["in_progress", "completed"]),
  id: optionalId,
  caller,
});

const ApplyPatchCallOutput = z.strictObject({
  type: z.literal("apply_patch_call_output"),
  call_id: z.string(),
  status: z.enum(["completed", "failed"]),
  id: optionalId,
  caller,
  output: z.string().nullish(),
});

/** The items that report calls of tools and their outputs, except those of MCP. */
export const CallItems = [
  ComputerCall,
  ComputerCallOutput,
  FileSearchCall,
  WebSearchCall,
  FunctionCall,
  FunctionCallOutput,
  CustomToolCall,
  CustomToolCallOutput,
  ImageGenerationCall,
  CodeInterpreterCall,
  LocalShellCall,
  LocalShellCallOutput,
  ShellCall,
  ShellCallOutput,
  ApplyPatchCall,
  ApplyPatchCallOutput,
] as const;
