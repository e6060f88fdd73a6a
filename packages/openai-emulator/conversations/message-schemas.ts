import * as z from "zod";

/** The longest id that the API accepts (https://github.com/BerriAI/litellm/issues/24797). */
const LONGEST_ID = 64;

const FileId = z.string().max(LONGEST_ID);

const CacheBreakpoint = z.strictObject({
  mode: z.literal("explicit"),
  ttl: z.enum(["30m", "12h"]).optional(),
});

/** How far an item has come. */
export const ItemStatus = z.enum(["in_progress", "completed", "incomplete"]);

const InputText = z.strictObject({
  type: z.literal("input_text"),
  text: z.string(),
  prompt_cache_breakpoint: orOmitted(CacheBreakpoint),
});

const InputImage = z.strictObject({
  type: z.literal("input_image"),
  detail: z.enum(["low", "high", "auto", "original"]).default("auto"),
  file_id: FileId.nullish(),
  image_url: z.string().nullish(),
  prompt_cache_breakpoint: orOmitted(CacheBreakpoint),
}).check(exactlyOne("file_id", "image_url"));

const InputFile = z.strictObject({
  type: z.literal("input_file"),
  detail: z.enum(["auto", "low", "high"]).optional(),
  file_data: orOmitted(z.string()),
  file_id: FileId.nullish(),
  file_url: orOmitted(z.string()),
  filename: orOmitted(z.string()),
  prompt_cache_breakpoint: orOmitted(CacheBreakpoint),
}).check(exactlyOne("file_id", "file_url", "file_data"));

/** A part of a message of the user, the system or the developer. */
export const InputPart = z.discriminatedUnion("type", [InputText, InputImage, InputFile]);

const Annotation = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("file_citation"),
    file_id: z.string(),
    filename: z.string(),
    index: z.int(),
  }),
  z.strictObject({
    type: z.literal("url_citation"),
    start_index: z.int(),
    end_index: z.int(),
    title: z.string(),
    url: z.string(),
  }),
  z.strictObject({
    type: z.literal("container_file_citation"),
    container_id: z.string(),
    start_index: z.int(),
    end_index: z.int(),
    file_id: z.string(),
    filename: z.string(),
  }),
  z.strictObject({ type: z.literal("file_path"), file_id: z.string(), index: z.int() }),
]);

const TopLogprob = z.strictObject({
  token: z.string(),
  bytes: z.array(z.int()),
  logprob: z.number(),
});

const OutputText = z.strictObject({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(Annotation).default([]),
  logprobs: z.array(TopLogprob.extend({ top_logprobs: z.array(TopLogprob) })).default([]),
});

const Refusal = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });

/** A part of a message of the assistant. */
export const OutputPart = z.discriminatedUnion("type", [OutputText, Refusal]);

const AssistantMessage = z.strictObject({
  type: z.literal("message").optional(),
  role: z.literal("assistant"),
  content: z.union([z.string(), z.array(OutputPart)]),
  id: z.string().optional(),
  phase: z.enum(["commentary", "final_answer"]).nullish(),
  status: ItemStatus.optional(),
});

const InputMessage = z.strictObject({
  type: z.literal("message").optional(),
  role: z.enum(["system", "developer", "user"]),
  content: z.union([z.string(), z.array(InputPart)]),
  id: z.string().optional(),
  status: ItemStatus.optional(),
});

/**
 * A message in a request. As at OpenAI, the role decides the parts: an assistant's message holds
 * `output_text` or `refusal`, all others hold `input_*`.
 */
export const MessageInput = z.discriminatedUnion("role", [AssistantMessage, InputMessage]);
export type MessageInput = z.infer<typeof MessageInput>;

/** Returns a schema for an optional property whose null counts as absent. */
function orOmitted<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/**
 * Returns a check that a part has exactly one of the properties in `names`, in OpenAI's words
 * (https://github.com/openai/openai-agents-python/issues/1930).
 */
function exactlyOne<Name extends string>(...names: Name[]) {
  const listed = `${names.slice(0, -1).map((name) => `'${name}'`).join(", ")} or '${names.at(-1)}'`;
  return ({ value, issues }: z.core.ParsePayload<Partial<Record<Name, unknown>>>) => {
    const given = names.filter((name) => value[name] != null).length;
    if (given === 1) return;
    const [code, start, end] = given === 0
      ? ["missing_mutually_exclusive_parameters", "Missing mutually", "providing exactly one of"]
      : ["mutually_exclusive_parameters", "Mutually", "only providing one of"];
    const describe = (path: string) =>
      `${start} exclusive parameters: '${path}'. Ensure you are ${end}: ${listed}.`;
    issues.push({ code: "custom", input: value, path: [], params: { code, describe } });
  };
}
