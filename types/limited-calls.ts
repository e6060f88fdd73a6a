// The calls of clients that create or store something, with their limits.
import type { LimitName } from "./limits.ts";

/** The limits of a call, or the reason why it can store only so much. */
export interface LimitedCall {
  limits: LimitName[];
  because?: string;
}

const changesRows = "It creates nothing and changes rows that exist.";
const deletes = "It only deletes.";
const logsAdmin = "Only admins get beyond the check. Each call adds one row to the audit log.";
const admin = { limits: [], because: logsAdmin };
const turn: LimitName[] = ["turns", "messages_of_day", "messages", "searches", "budget"];

/** The tables that clients may write, by schema and name. */
export const limitedTables: Record<string, LimitedCall> = {
  "public.chat_sessions": { limits: ["sessions", "title"] },
  "public.custom_instructions": {
    limits: ["instructions"],
    because: "There is one row for each user.",
  },
  "public.profiles": {
    limits: ["user_name", "organization_of_user", "avatar_url"],
    because: "Sign-up creates one row for each login.",
  },
  "public.chat_messages": {
    limits: [],
    because: "Clients only set the feedback of rows that exist: 1, -1 or null.",
  },
  "storage.objects": {
    limits: ["unregistered_objects", "unregistered_bytes", "file_bytes", "data"],
  },
  "auth.users": {
    limits: ["metadata"],
    because:
      "Supabase Auth creates the rows. Its hook allows 30 sign-ups an hour from one network.",
  },
};

/** The RPCs that clients may call and that may write. */
export const limitedRpcs: Record<string, LimitedCall> = {
  accept_invitation: { limits: ["membership"], because: "It uses the invitation up." },
  admin_add_note: { limits: ["note"], because: logsAdmin },
  admin_flag_note: admin,
  admin_get_user: admin,
  admin_grant_credits: admin,
  admin_grant_plan: admin,
  admin_list_assistant_files: admin,
  admin_list_audit: admin,
  admin_list_notes: admin,
  admin_list_users: admin,
  admin_set_active: admin,
  admin_set_role: admin,
  get_user_activity_summary: admin,
  get_user_stats: admin,
  create_organization: { limits: ["membership", "organizations", "organization_name"] },
  delete_organization: { limits: [], because: deletes },
  ensure_profile: { limits: [], because: "There is one profile for each login." },
  invite_member: { limits: ["invitations", "email"] },
  issue_bridge_token: { limits: ["codes_of_minute", "codes", "data"] },
  leave_organization: { limits: [], because: changesRows },
  log_activity: { limits: ["activity_of_minute", "activity", "action", "data"] },
  remove_member: { limits: [], because: changesRows },
  rename_organization: { limits: ["organization_name"], because: changesRows },
  request_account_deletion: { limits: [], because: "There is one row for each user." },
  resend_invitation: { limits: [], because: changesRows },
  revoke_invitation: { limits: [], because: deletes },
  set_chat_visibility: { limits: [], because: "A chat has at most one share link." },
  set_member_role: { limits: [], because: changesRows },
  set_organization_budget: { limits: [], because: changesRows },
  transfer_ownership: { limits: [], because: changesRows },
};

/** The routes that may write. Routes that need the secret key are not for clients. */
export const limitedRoutes: Record<string, LimitedCall> = {
  "POST /chat": { limits: [...turn, "message_text", "parts", "part_names", "body"] },
  "POST /chat/:session_id/stop": { limits: [], because: changesRows },
  "POST /files": {
    limits: ["session_files", "files", "bytes", "file_bytes", "uploads", "assistant_files", "body"],
  },
  "POST /files/:id/retry": { limits: ["uploads"] },
  "DELETE /files/:id": { limits: [], because: deletes },
  "POST /bridge": { limits: ["codes_of_minute", "codes", "data", "body"] },
  "POST /bridge/redeem": { limits: ["redeemed_codes", "body"], because: "It uses the code up." },
  "POST /billing/checkout": {
    limits: ["body"],
    because: "There is one customer for each user or organization, and Stripe keeps the checkout.",
  },
  "POST /billing/portal": { limits: ["body"], because: "Stripe keeps the session of the portal." },
  "POST /openai-webhook": {
    limits: ["body"],
    because: "Only OpenAI can sign an event, and it changes rows that exist.",
  },
  "POST /stripe-webhook": {
    limits: ["body"],
    because: "Only Stripe can sign an event. There is one row for each event.",
  },
  "POST /lookouts": {
    limits: [
      "lookouts",
      "all_lookouts",
      "new_lookouts",
      "lookout_title",
      "lookout_prompt",
      "body",
    ],
  },
  "PATCH /lookouts/:id": {
    limits: ["lookouts", "lookout_title", "lookout_prompt", "body"],
    because: changesRows,
  },
  "POST /lookouts/:id/run": {
    limits: [...turn, "sessions"],
    because: "Parley keeps the last 100 runs of a lookout.",
  },
  "DELETE /lookouts/:id": { limits: [], because: deletes },
  "DELETE /account": { limits: [], because: deletes },
};
