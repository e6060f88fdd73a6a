import * as z from "zod";

/** How much a model reasons; which values a model takes is in `model-families.ts`. */
export const ReasoningEffort = z.enum([
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
  "max",
]);
export type ReasoningEffort = z.infer<typeof ReasoningEffort>;

const Summary = z.enum(["concise", "detailed", "auto"]);

/** The options for models that reason. */
export const Reasoning = z.strictObject({
  context: z.enum(["auto", "current_turn", "all_turns"]).nullish(),
  effort: ReasoningEffort.nullish(),
  generate_summary: Summary.nullish(),
  mode: z.string().optional(),
  summary: Summary.nullish(),
});

/** A name of a function, a tool or a format. */
export const Name = z.string().min(1).max(64).regex(/^[a-zA-Z0-9_-]+$/);

/** Text without a format. */
export const PlainText = z.strictObject({ type: z.literal("text") });

/** Text that is JSON of a schema. */
export const JsonSchema = z.strictObject({
  type: z.literal("json_schema"),
  name: Name,
  schema: z.record(z.string(), z.unknown()),
  description: z.string().optional(),
  strict: z.boolean().nullish(),
});

/** The options for the text of a reply. */
export const TextConfig = z.strictObject({
  format: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("json_object") }),
    PlainText,
    JsonSchema,
  ]).optional(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
});
