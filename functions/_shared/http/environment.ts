import { z } from "zod";

const blankIsUnset = (value: unknown) => value === "" ? undefined : value;

/** The variables that functions read. */
export const Environment = z.object({
  OPENAI_API_KEY: z.string().min(1),
  OPENAI_BASE_URL: z.preprocess(blankIsUnset, z.url().optional()),
  SUPABASE_URL: z.url(),
  /** OpenAI takes 1 to 365. */
  VECTOR_STORE_DAYS: z.preprocess(blankIsUnset, z.coerce.number().int().min(1).max(365).default(7)),
  PARLEY_STREAM_SECONDS: z.preprocess(blankIsUnset, z.coerce.number().positive().default(140)),
});

/** The settings of the functions, parsed once at the start. */
export type Environment = z.infer<typeof Environment>;

/** Parses the environment. Throws an Error that names each missing or wrong variable. */
export function readEnvironment(values: Record<string, string>): Environment {
  const parsed = Environment.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment:\n${z.prettifyError(parsed.error)}`);
}
