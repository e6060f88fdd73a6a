import * as z from "zod";
import { AttributeFilter } from "../retrieval/match-filter.ts";
import { InterpreterContainer, ShellEnvironment } from "./shell-schemas.ts";
import { Name, ReasoningEffort } from "./text-schemas.ts";

const allowed_callers = z.array(z.enum(["direct", "programmatic"])).nullish();
const JsonObject = z.record(z.string(), z.unknown());

const functionOptions = {
  name: Name,
  allowed_callers,
  async: z.boolean().optional(),
  defer_loading: z.boolean().optional(),
  description: z.string().nullish(),
  output_schema: JsonObject.nullish(),
  // The examples of the API reference omit it (https://developers.openai.com/api/docs/guides/function-calling).
  strict: z.boolean().nullish(),
};

const FunctionTool = z.strictObject({
  type: z.literal("function"),
  ...functionOptions,
  parameters: JsonObject.nullable(),
});

/**
 * The most vector stores of a search. OpenAI does not document it, and refuses more with a 400.
 * Source: https://github.com/dimagi/open-chat-studio/pull/3815
 */
const MOST_STORES = 2;

const FileSearch = z.strictObject({
  type: z.literal("file_search"),
  vector_store_ids: z.array(z.string()).min(1).max(MOST_STORES),
  filters: AttributeFilter.nullish(),
  max_num_results: z.int().min(1).max(50).optional(),
  ranking_options: z.strictObject({
    hybrid_search: z.strictObject({
      embedding_weight: z.number(),
      text_weight: z.number(),
    }).optional(),
    ranker: z.enum(["auto", "default-2024-11-15"]).optional(),
    score_threshold: z.number().min(0).max(1).optional(),
  }).optional(),
});

const placeOptions = {
  city: z.string().nullish(),
  country: z.string().nullish(),
  region: z.string().nullish(),
  timezone: z.string().nullish(),
};
const search_context_size = z.enum(["low", "medium", "high"]).optional();

const WebSearch = z.strictObject({
  type: z.enum(["web_search", "web_search_2025_08_26"]),
  external_web_access: z.boolean().optional(),
  filters: z.strictObject({ allowed_domains: z.array(z.string()).nullish() }).nullish(),
  search_context_size,
  user_location: z.strictObject({ type: z.literal("approximate").optional(), ...placeOptions })
    .nullish(),
});

const WebSearchPreview = z.strictObject({
  type: z.enum(["web_search_preview", "web_search_preview_2025_03_11"]),
  search_content_types: z.array(z.enum(["text", "image"])).optional(),
  search_context_size,
  user_location: z.strictObject({ type: z.literal("approximate"), ...placeOptions }).nullish(),
});

const ToolFilter = z.strictObject({
  read_only: z.boolean().optional(),
  tool_names: z.array(z.string()).optional(),
});

const Mcp = z.strictObject({
  type: z.literal("mcp"),
  server_label: z.string(),
  allowed_callers,
  allowed_tools: z.union([z.array(z.string()), ToolFilter]).nullish(),
  authorization: z.string().optional(),
  connector_id: z.enum([
    "connector_dropbox",
    "connector_gmail",
    "connector_googlecalendar",
    "connector_googledrive",
    "connector_microsoftteams",
    "connector_outlookcalendar",
    "connector_outlookemail",
    "connector_sharepoint",
  ]).optional(),
  defer_loading: z.boolean().optional(),
  headers: z.record(z.string(), z.string()).nullish(),
  require_approval: z.union([
    z.enum(["always", "never"]),
    z.strictObject({ always: ToolFilter.optional(), never: ToolFilter.optional() }),
  ]).nullish(),
  server_description: z.string().optional(),
  server_url: z.string().optional(),
  tunnel_id: z.string().optional(),
}).check(({ value, issues }) => {
  if (value.server_url ?? value.connector_id ?? value.tunnel_id) return;
  const describe = (path: string) =>
    `Missing mutually exclusive parameters: '${path}'. Ensure you are providing exactly one of: ` +
    "'server_url', 'connector_id' or 'tunnel_id'.";
  const code = "missing_mutually_exclusive_parameters";
  issues.push({ code: "custom", input: value, path: [], params: { code, describe } });
});

const CodeInterpreter = z.strictObject({
  type: z.literal("code_interpreter"),
  container: z.union([z.string(), InterpreterContainer]),
  allowed_callers,
});

const ImageGeneration = z.strictObject({
  type: z.literal("image_generation"),
  action: z.enum(["generate", "edit", "auto"]).optional(),
  background: z.enum(["transparent", "opaque", "auto"]).optional(),
  complexity: z.enum(["low", "medium", "high"]).optional(),
  frame_count: z.int().min(1).optional(),
  frame_duration_ms: z.int().min(1).optional(),
  input_fidelity: z.enum(["high", "low"]).nullish(),
  input_image_mask: z.strictObject({
    file_id: z.string().optional(),
    image_url: z.string().optional(),
  }).optional(),
  model: z.string().optional(),
  moderation: z.enum(["auto", "low"]).optional(),
  output_compression: z.int().min(0).max(100).optional(),
  output_format: z.enum(["png", "webp", "jpeg", "gif", "svg"]).optional(),
  partial_images: z.int().min(0).max(3).optional(),
  quality: z.enum(["low", "medium", "high", "xhigh", "max", "auto"]).optional(),
  size: z.string().optional(),
  svg: z.strictObject({
    model: z.string().optional(),
    reasoning: z.strictObject({ effort: ReasoningEffort.optional() }).nullish(),
  }).optional(),
});

const ComputerUsePreview = z.strictObject({
  type: z.literal("computer_use_preview"),
  display_height: z.int(),
  display_width: z.int(),
  environment: z.enum(["windows", "mac", "linux", "ubuntu", "browser"]),
});

const CustomTool = z.strictObject({
  type: z.literal("custom"),
  name: Name,
  allowed_callers,
  async: z.boolean().optional(),
  defer_loading: z.boolean().optional(),
  description: z.string().optional(),
  format: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text") }),
    z.strictObject({
      type: z.literal("grammar"),
      definition: z.string(),
      syntax: z.enum(["lark", "regex"]),
    }),
  ]).optional(),
});

const NamespacedFunction = z.strictObject({
  type: z.literal("function"),
  ...functionOptions,
  parameters: z.unknown(),
});

/** A tool that a request offers to the model. */
export const ToolInput = z.discriminatedUnion("type", [
  FunctionTool,
  FileSearch,
  WebSearch,
  WebSearchPreview,
  Mcp,
  CodeInterpreter,
  ImageGeneration,
  ComputerUsePreview,
  CustomTool,
  z.strictObject({ type: z.literal("computer") }),
  z.strictObject({ type: z.literal("programmatic_tool_calling") }),
  z.strictObject({ type: z.literal("local_shell") }),
  z.strictObject({
    type: z.literal("shell"),
    allowed_callers,
    environment: ShellEnvironment.nullish(),
  }),
  z.strictObject({
    type: z.literal("namespace"),
    description: z.string(),
    name: z.string(),
    tools: z.array(z.discriminatedUnion("type", [NamespacedFunction, CustomTool])),
  }),
  z.strictObject({
    type: z.literal("tool_search"),
    description: z.string().nullish(),
    execution: z.enum(["server", "client"]).optional(),
    parameters: z.unknown(),
  }),
  z.strictObject({ type: z.literal("apply_patch"), allowed_callers }),
]);

const HostedChoice = z.strictObject({
  type: z.enum([
    "file_search",
    "web_search_preview",
    "computer",
    "computer_use_preview",
    "computer_use",
    "web_search_preview_2025_03_11",
    "image_generation",
    "code_interpreter",
  ]),
});

/** Which tool the model calls. */
export const ToolChoice = z.union([
  z.enum(["none", "auto", "required"]),
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(JsonObject),
    }),
    z.strictObject({ type: z.literal("function"), name: z.string() }),
    z.strictObject({ type: z.literal("custom"), name: z.string() }),
    z.strictObject({
      type: z.literal("mcp"),
      server_label: z.string().optional(),
      name: z.string().nullish(),
    }),
    z.strictObject({ type: z.literal("programmatic_tool_calling") }),
    z.strictObject({ type: z.literal("apply_patch") }),
    z.strictObject({ type: z.literal("shell") }),
    HostedChoice,
  ]),
]);
