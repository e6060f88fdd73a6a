import { withSupabase } from "@supabase/server/adapters/hono";
import type { Database } from "../../../types/database.ts";
import { limitedFetch } from "./limited-fetch.ts";

type Callers = NonNullable<Parameters<typeof withSupabase<Database>>[0]>["auth"];

/** Lets these callers in, and puts clients into the request's context that do not wait for the database for ever. */
export function allow(auth: Callers): ReturnType<typeof withSupabase<Database>> {
  return withSupabase<Database>({ auth, supabaseOptions: { global: { fetch: limitedFetch } } });
}
