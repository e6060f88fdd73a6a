import * as z from "zod";
import { parseEnvironment } from "../_shared/http/environment.ts";

const Keys = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "not JSON" });
    return z.NEVER;
  }
}).pipe(z.object({ default: z.string().min(1) }));

/** The variables of the account function. */
export const AccountEnvironment = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_PUBLISHABLE_KEYS: Keys,
}).transform(({ SUPABASE_URL, SUPABASE_PUBLISHABLE_KEYS }) => ({
  url: SUPABASE_URL,
  publishableKey: SUPABASE_PUBLISHABLE_KEYS.default,
}));

/** The address of the REST API, and its publishable key. */
export type ApiAccess = z.infer<typeof AccountEnvironment>;

/** Parses the settings of the account function. Throws as `parseEnvironment` does. */
export function readAccountEnvironment(values: Record<string, string>): ApiAccess {
  return parseEnvironment(AccountEnvironment, values);
}
