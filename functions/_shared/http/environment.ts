import * as z from "zod";

/** Returns undefined for an empty variable, which stands for one that is not set. */
export function blankIsUnset(value: unknown): unknown {
  return value === "" ? undefined : value;
}

/** Parses the environment. Throws an Error that names each missing or wrong variable, and no value. */
export function parseEnvironment<Shape>(
  shape: z.ZodType<Shape>,
  values: Record<string, string>,
): Shape {
  const parsed = shape.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment:\n${z.prettifyError(parsed.error)}`);
}

/** The variables that functions read. */
export const Environment = z.object({
  OPENAI_API_KEY: z.string().min(1),
  OPENAI_BASE_URL: z.preprocess(blankIsUnset, z.url().optional()),
  /** Of the webhook of OpenAI, which is optional. */
  OPENAI_WEBHOOK_SECRET: z.preprocess(blankIsUnset, z.string().optional()),
  SUPABASE_URL: z.url(),
  /** OpenAI allows 1 to 365. */
  VECTOR_STORE_DAYS: z.preprocess(blankIsUnset, z.coerce.number().int().min(1).max(365).default(7)),
  PARLEY_STREAM_SECONDS: z.preprocess(blankIsUnset, z.coerce.number().positive().default(140)),
});

/** The settings of the functions. Each function parses them once when it starts. */
export type Environment = z.infer<typeof Environment>;

/** Parses the settings of the functions. Throws as `parseEnvironment` does. */
export function readEnvironment(values: Record<string, string>): Environment {
  return parseEnvironment(Environment, values);
}
