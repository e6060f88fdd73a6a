import type { Responses } from "openai/resources/responses/responses";
import * as z from "zod";
import { InputPart } from "../conversations/message-schemas.ts";
import { InputItem } from "./item-schemas.ts";
import { Reasoning, TextConfig } from "./text-schemas.ts";
import { ToolChoice, ToolInput } from "./tool-schemas.ts";

type Params = Responses.ResponseCreateParams;

/**
 * The maximum of items that one call may add to a conversation
 * (https://developers.openai.com/api/reference/resources/conversations/subresources/items/methods/create).
 */
const ITEMS_PER_CALL = 20;

const MOST_METADATA_KEYS = 16;

/** Key-value pairs that a client attaches to an object (https://platform.openai.com/docs/api-reference/metadata). */
export const Metadata = z.record(z.string().max(64), z.string().max(512))
  .check(({ value, issues }) => {
    const count = Object.keys(value).length;
    if (count <= MOST_METADATA_KEYS) return;
    const describe = (path: string) =>
      `Invalid '${path}': too many properties. Expected an object with at most ` +
      `${MOST_METADATA_KEYS} properties, but got an object with ${count} properties instead.`;
    const params = { code: "object_above_max_properties", describe };
    issues.push({ code: "custom", input: value, path: [], params });
  });

const Items = z.array(InputItem).max(ITEMS_PER_CALL);

/** The additional data that a request may ask for. */
export const Includable = z.enum([
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
]);

const Prompt = z.strictObject({
  id: z.string(),
  variables: z.record(z.string(), z.union([z.string(), InputPart])).nullish(),
  version: z.string().nullish(),
});

const ModerationMode = z.strictObject({ mode: z.enum(["score", "block"]) });

/**
 * Only compaction manages the context, from 1,000 tokens on
 * (https://developers.openai.com/api/docs/guides/compaction, https://github.com/praxis-proxy/ai/issues/838).
 */
const ContextManagement = z.strictObject({
  type: z.enum(["compaction"]),
  compact_threshold: z.int().min(1_000).nullish(),
});

/**
 * Every parameter of `POST /v1/responses`, about in the order in which the API reports problems. The API takes null
 * as if a parameter was omitted, except for the model and the input.
 */
const responseShape = {
  model: z.string(),
  // The input has no limit of items; only the items of a conversation have one.
  input: z.union([z.string(), z.array(InputItem)]),
  previous_response_id: z.string().nullish(),
  conversation: z.union([z.string(), z.strictObject({ id: z.string() })]).nullish(),
  prompt: Prompt.nullish(),
  moderation: z.strictObject({
    model: z.string(),
    policy: z.strictObject({ input: ModerationMode.nullish(), output: ModerationMode.nullish() })
      .nullish(),
  }).nullish(),
  include: z.array(Includable).nullish(),
  tools: z.array(ToolInput).nullish(),
  tool_choice: ToolChoice.nullish(),
  metadata: Metadata.nullish(),
  text: TextConfig.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  background: z.boolean().nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  reasoning: Reasoning.nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().max(128).nullish(),
  prompt_cache_options: z.strictObject({
    comparison_response_id: z.string().nullish(),
    mode: z.enum(["implicit", "explicit"]).optional(),
    prewarm: z.boolean().optional(),
    ttl: z.enum(["30m", "12h"]).optional(),
  }).nullish(),
  prompt_cache_key: z.string().max(64).nullish(),
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  instructions: z.string().nullish(),
  store: z.boolean().nullish(),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"])
    .nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  context_management: z.array(ContextManagement).nullish(),
  access_programs: z.strictObject({
    cyber: z.enum(["standard", "daybreak_blue", "daybreak_red"]).optional(),
  }).nullish(),
  image: z.strictObject({
    context_compression: z.enum(["auto", "enabled", "disabled"]).optional(),
  }).nullish(),
} satisfies Record<keyof Params, z.ZodType>;

/**
 * The body of `POST /v1/responses`. Parameters that OpenAI does not know are refused. `check-request.ts`
 * refuses parameters that contradict each other, the model or the state.
 */
export const CreateResponse = z.strictObject(responseShape);
export type CreateResponse = z.infer<typeof CreateResponse>;

/** The query of `GET /v1/responses/:id`. */
export const RetrieveResponse = z.object({
  stream: z.enum(["true", "false"]).default("false"),
  starting_after: z.coerce.number().int().min(0).optional(),
});

/** The body of `POST /v1/conversations`. */
export const CreateConversation = z.strictObject({
  items: Items.nullish(),
  metadata: Metadata.nullish(),
});

/** The body of `POST /v1/conversations/:id`. */
export const UpdateConversation = z.strictObject({ metadata: Metadata.nullable() });

/** The body of `POST /v1/conversations/:id/items`. */
export const CreateItems = z.strictObject({ items: Items });

/** The query of a list; by default newest first, 20 entries a page. */
export const ListQuery = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
});

/** The query of a list that can also be read backwards. */
export const CursorQuery = ListQuery.extend({ before: z.string().optional() });

/** The page of a list that a request asks for. */
export type PageQuery = z.infer<typeof CursorQuery>;

/** The query of `GET /v1/files`. */
export const FilesQuery = ListQuery.extend({
  limit: z.coerce.number().int().min(1).max(10_000).default(10_000),
  purpose: z.string().optional(),
});
