import { withSupabase } from "@supabase/server/adapters/hono";
import type { Database } from "../../../types/database.ts";
import { limitedFetch } from "./limited-fetch.ts";

type Callers = NonNullable<Parameters<typeof withSupabase<Database>>[0]>["auth"];

/**
 * Admits these callers and refuses all others. Adds database clients to the request's context whose calls end after a
 * time limit.
 */
export function allow(auth: Callers): ReturnType<typeof withSupabase<Database>> {
  return withSupabase<Database>({ auth, supabaseOptions: { global: { fetch: limitedFetch } } });
}
