import type { SupabaseContext } from "@supabase/server";
import type { Database } from "../../../types/database.ts";

/** Facts for the request log; handlers fill them in. */
export interface RequestFacts {
  /** `profiles.id` of the caller. */
  profile_id?: string;
  /** `chat_turns.id` of the turn that the request began, joined or stopped. */
  turn_id?: string;
  /** `stripe_events.id`, type and outcome of the event that the request delivered. */
  event_id?: string;
  event_type?: string;
  event_status?: string;
  /** Code of the error that the reply has. */
  code?: string;
}

/** Variables that the shared middleware and `withSupabase` set. */
export interface FunctionEnv {
  Variables: {
    requestId: string;
    facts: RequestFacts;
    supabaseContext: SupabaseContext<Database>;
  };
}
