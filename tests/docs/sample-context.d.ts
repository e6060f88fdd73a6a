// What the samples of the docs use without declaring it.
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database, Tables } from "../../types/database.ts";

declare global {
  /** Address of the project, as `npm run status` prints it. */
  const API_URL: string;
  const PUBLISHABLE_KEY: string;
  /** A client of a signed-in user. */
  const supabase: SupabaseClient<Database>;
  /** A chat of that user. */
  const chat: Tables<"chat_sessions">;
  /** A code of the bridge, which another app has handed over. */
  const code: string;
}
