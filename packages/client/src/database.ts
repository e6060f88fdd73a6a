import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../../types/client-database.ts";

/** A client of supabase-js with the tables and RPCs of Parley. */
export type ParleySupabase = SupabaseClient<Database>;

type Tables = Database["public"]["Tables"];

/** A row of a table, as the database returns it. */
export type Row<Table extends keyof Tables> = Tables[Table]["Row"];

/** The result of an RPC. */
export type RpcResult<Name extends keyof Database["public"]["Functions"]> =
  Database["public"]["Functions"][Name]["Returns"];

/** A chat: a row of `chat_sessions`. */
export type Session = Row<"chat_sessions">;
/** A stored message: a row of `chat_messages`. */
export type MessageRow = Row<"chat_messages">;
/** A file: a row of `chat_files`. */
export type FileRow = Row<"chat_files">;
/** An assistant that users can choose. */
export type Assistant = Row<"assistants">;
/** A plan with its limits. */
export type Plan = Row<"plans">;
/** The caller's own profile. */
export type Profile = Row<"profiles">;
/** An organization, as its members see it. */
export type Organization = Row<"organizations">;
/** A prompt that runs on a schedule. */
export type Lookout = Row<"lookouts">;
/** One run of a lookout. */
export type LookoutRun = Row<"lookout_runs">;
/** What the caller has used and may still use. A limit of null means unlimited. */
export type Usage = RpcResult<"get_my_usage">;
/** What a visitor sees of a shared chat. */
export type SharedChat = NonNullable<RpcResult<"get_shared_chat">>;
