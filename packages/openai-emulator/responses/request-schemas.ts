import type { Responses } from "openai/resources/responses/responses";
import { z } from "zod";
import { MessageInput } from "../conversations/message-schemas.ts";
import { AttributeFilter } from "../retrieval/match-filter.ts";

type Params = Responses.ResponseCreateParams;

/**
 * The maximum of items that one call may add to a conversation
 * (https://platform.openai.com/docs/api-reference/conversations/create).
 */
const ITEMS_PER_CALL = 20;

/** Key-value pairs that a client attaches to an object (https://platform.openai.com/docs/api-reference/metadata). */
export const Metadata = z.record(z.string().max(64), z.string().max(512))
  .refine((metadata) => Object.keys(metadata).length <= 16, "at most 16 keys");

const Items = z.array(MessageInput).max(ITEMS_PER_CALL);

const FileSearchTool = z.looseObject({
  type: z.literal("file_search"),
  vector_store_ids: z.array(z.string()).min(1),
  filters: AttributeFilter.nullish(),
  max_num_results: z.number().int().min(1).max(50).optional(),
});

const OtherTool = z.custom<Exclude<Responses.Tool, Responses.FileSearchTool>>(isOtherTool);

const responseShape = {
  background: z.boolean().nullish(),
  conversation: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  input: z.union([z.string(), z.array(MessageInput)]),
  instructions: z.string().nullish(),
  max_output_tokens: z.number().int().min(16).nullish(),
  metadata: Metadata.nullish(),
  model: z.string().min(1),
  previous_response_id: z.null("is not supported by the emulator").optional(),
  reasoning: z.custom<NonNullable<Params["reasoning"]>>(isObject).nullish(),
  safety_identifier: z.string().max(64).nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_obfuscation: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  tools: z.array(z.union([FileSearchTool, OtherTool])).optional(),
  access_programs: accepted<"access_programs">(),
  context_management: accepted<"context_management">(),
  image: accepted<"image">(),
  include: z.array(z.string()).nullish(),
  max_tool_calls: accepted<"max_tool_calls">(),
  moderation: accepted<"moderation">(),
  parallel_tool_calls: accepted<"parallel_tool_calls">(),
  prompt: accepted<"prompt">(),
  prompt_cache_key: accepted<"prompt_cache_key">(),
  prompt_cache_options: accepted<"prompt_cache_options">(),
  prompt_cache_retention: accepted<"prompt_cache_retention">(),
  service_tier: accepted<"service_tier">(),
  text: accepted<"text">(),
  tool_choice: accepted<"tool_choice">(),
  top_logprobs: accepted<"top_logprobs">(),
  top_p: accepted<"top_p">(),
  truncation: accepted<"truncation">(),
  user: accepted<"user">(),
} satisfies Record<keyof Params, z.ZodType>;

/** The body of `POST /v1/responses`. Parameters that OpenAI does not know are refused. */
export const CreateResponse = z.strictObject(responseShape).refine(
  ({ background, store }) => !(background && store === false),
  { path: ["background"], message: "background mode requires 'store' to be true" },
);
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

/** Returns a schema for a parameter that is accepted and echoed without validation. */
function accepted<Name extends keyof Params>() {
  return z.custom<NonNullable<Params[Name]>>((value) => value != null).nullish();
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOtherTool(value: unknown): boolean {
  return typeof value === "object" && value !== null && "type" in value &&
    value.type !== "file_search";
}
