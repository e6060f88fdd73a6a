// The catalogue of limits: what each call of a client may create or store. The reference is generated from this list,
// and tests compare it with the database and with the list of routes.
import type { Database } from "./database.ts";
import type { HttpErrorCode } from "./errors.ts";

type Plan = Database["public"]["Tables"]["plans"]["Row"];

/** A column of `plans` that holds a limit. `max_output_tokens` cuts a reply and refuses nothing. */
export type PlanColumn = Exclude<keyof Plan, "slug" | "name" | "rank" | "max_output_tokens">;

/** Where the value of a limit is: in a column of `plans` or `private.limit_policy`, or in the code. */
export type LimitValue = { plan: PlanColumn } | { policy: string } | { fixed: number };

/** A limit. */
export interface Limit {
  /** What is counted. */
  what: string;
  value: LimitValue;
  unit?: "bytes" | "characters" | "US dollars";
  /** The period after which counting begins again. Without it, the limit is for what exists at the same time. */
  per?: "minute" | "day" | "month";
  /** The code of the refusal. */
  code: HttpErrorCode;
}

/** Every limit by name. */
export const limits = {
  sessions: {
    what: "Chats of a user, archived chats and chats of lookouts included",
    value: { plan: "max_sessions" },
    code: "session_limit_reached",
  },
  messages: {
    what: "Messages of a user",
    value: { plan: "monthly_messages" },
    per: "month",
    code: "quota_exceeded",
  },
  messages_of_day: {
    what: "Messages of a user",
    value: { plan: "daily_messages" },
    per: "day",
    code: "daily_limit_reached",
  },
  turns: {
    what: "Turns that a user starts",
    value: { plan: "turns_per_minute" },
    per: "minute",
    code: "rate_limited",
  },
  searches: {
    what: "Messages with web search of a user",
    value: { plan: "monthly_searches" },
    per: "month",
    code: "search_quota_exceeded",
  },
  budget: {
    what: "Cost of a user at OpenAI",
    value: { plan: "monthly_budget" },
    unit: "US dollars",
    per: "month",
    code: "budget_exceeded",
  },
  session_files: {
    what: "Files in one chat",
    value: { plan: "max_session_files" },
    code: "file_limit_reached",
  },
  files: {
    what: "Files in all chats of a user",
    value: { plan: "max_files" },
    code: "storage_full",
  },
  bytes: {
    what: "Size of all files of a user",
    value: { plan: "max_bytes" },
    unit: "bytes",
    code: "storage_full",
  },
  file_bytes: {
    what: "Size of one file",
    value: { plan: "max_file_bytes" },
    unit: "bytes",
    code: "file_too_large",
  },
  unregistered_bytes: {
    what: "Size of all objects of a user in Storage that are not registered as files",
    value: { plan: "max_bytes" },
    unit: "bytes",
    code: "too_many_unregistered_objects",
  },
  lookouts: {
    what: "Lookouts of a user that are not archived",
    value: { plan: "max_lookouts" },
    code: "lookout_limit_reached",
  },
  all_lookouts: {
    what: "Lookouts of a user, archived ones included",
    value: { policy: "max_lookouts" },
    code: "too_many_lookouts",
  },
  new_lookouts: {
    what: "Lookouts that a user creates",
    value: { policy: "lookouts_per_day" },
    per: "day",
    code: "too_many_today",
  },
  unregistered_objects: {
    what:
      "Objects of a user in Storage that are not registered as files; never more than the files of the plan",
    value: { policy: "max_unregistered_objects" },
    code: "too_many_unregistered_objects",
  },
  uploads: {
    what: "Files that a user uploads, registers or indexes again",
    value: { policy: "uploads_per_day" },
    per: "day",
    code: "too_many_today",
  },
  organizations: {
    what: "Organizations that a user creates",
    value: { policy: "organizations_per_day" },
    per: "day",
    code: "too_many_today",
  },
  invitations: {
    what: "Open invitations of an organization",
    value: { policy: "max_invitations" },
    code: "too_many_invitations",
  },
  activity_of_minute: {
    what: "Actions that a user logs",
    value: { policy: "activity_per_minute" },
    per: "minute",
    code: "rate_limited",
  },
  activity: {
    what: "Actions that a user logs",
    value: { policy: "activity_per_day" },
    per: "day",
    code: "too_many_today",
  },
  codes_of_minute: {
    what: "Bridge codes of a user",
    value: { policy: "bridge_codes_per_minute" },
    per: "minute",
    code: "rate_limited",
  },
  codes: {
    what: "Bridge codes of a user",
    value: { policy: "bridge_codes_per_day" },
    per: "day",
    code: "too_many_today",
  },
  redeemed_codes: {
    what: "Attempts of one address to redeem a bridge code",
    value: { fixed: 30 },
    per: "minute",
    code: "rate_limited",
  },
  membership: {
    what: "Organizations that a user belongs to",
    value: { fixed: 1 },
    code: "already_member",
  },
  assistant_files: {
    what: "Files of an assistant, unless `assistants.max_files` has another value",
    value: { fixed: 100 },
    code: "assistant_file_limit_reached",
  },
  title: text("Title of a chat", 200),
  instructions: text("Custom instructions", 4000),
  user_name: text("Name of a user", 200),
  organization_of_user: text("Name of the organization in a profile", 200),
  avatar_url: text("Address of a picture", 2048),
  organization_name: text("Name of an organization", 200, "invalid_name"),
  email: text("Address of an invitation", 254, "invalid_email"),
  action: text("Name of a logged action", 64, "invalid_action"),
  note: text("Note of an admin", 5000, "invalid_note"),
  message_text: text("Text of a message", 32_000, "invalid_request"),
  part_names: text("Name or media type in a part of a message", 255, "invalid_request"),
  lookout_title: text("Title of a lookout", 200, "invalid_request"),
  lookout_prompt: text("Prompt of a lookout", 32_000, "invalid_request"),
  parts: {
    what: "Parts of a message",
    value: { fixed: 100 },
    code: "invalid_request",
  },
  body: {
    what: "JSON body of a request to a function",
    value: { fixed: 1_048_576 },
    unit: "bytes",
    code: "payload_too_large",
  },
  data: {
    what: "Data of a logged action or a bridge code, or metadata of an object in Storage",
    value: { fixed: 4096 },
    unit: "bytes",
    code: "data_too_large",
  },
  metadata: {
    what: "Metadata of a login",
    value: { fixed: 16_384 },
    unit: "bytes",
    code: "metadata_too_large",
  },
} as const satisfies Record<string, Limit>;

/** The name of a limit. */
export type LimitName = keyof typeof limits;

function text(what: string, characters: number, code: HttpErrorCode = "text_too_long"): Limit {
  return { what, value: { fixed: characters }, unit: "characters", code };
}
