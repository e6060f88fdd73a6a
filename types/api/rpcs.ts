import { z } from "zod";

const Key = z.guid();
const Time = z.string();
const Count = z.number();

const Quota = z.object({
  used: z.number(),
  /** Null means unlimited. */
  limit: z.number().nullable(),
  reset_at: Time,
});

/** The result of the RPC `get_my_usage`. */
export const UsageReply = z.object({
  plan: z.string(),
  monthly_messages: Quota,
  daily_messages: Quota,
  monthly_searches: Quota,
  /** In US dollars. */
  monthly_budget: Quota,
  turns_per_minute: z.number().nullable(),
  credits: z.object({ balance: z.number(), expires_at: Time.nullable() }),
});
export type UsageReply = z.infer<typeof UsageReply>;

/** The result of the RPC `get_shared_chat`: the finished messages of a chat, with parts of the AI SDK. */
export const SharedChat = z.object({
  title: z.string().nullable(),
  assistant: z.object({ slug: z.string(), name: z.string() }),
  messages: z.array(z.object({
    sender: z.enum(["user", "assistant"]),
    parts: z.array(z.looseObject({ type: z.string() })),
  })),
});
export type SharedChat = z.infer<typeof SharedChat>;

const Page = z.object({
  total: Count,
  total_pages: Count,
  current_page: Count,
  page_size: Count,
});

/** A user in the lists of admins, with counts of activity and usage. */
export const ListedUser = z.object({
  id: Key,
  email: z.string().nullable(),
  user_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  role: z.enum(["user", "premium", "admin", "banned"]),
  is_active: z.boolean(),
  email_confirmed: z.boolean(),
  auth_provider: z.string(),
  membership_status: z.string(),
  subscription_plan: z.string(),
  subscription_quota: z.number().nullable(),
  subscription_usage: Count,
  tokens: Count,
  tokens_expires_at: Time.nullable(),
  organization_id: Key.nullable(),
  organization_role: z.enum(["owner", "admin", "member"]).nullable(),
  created_at: Time,
  session_count: Count,
  flagged_notes: Count,
  activity_count: Count,
  last_activity: Time.nullable(),
  request_count: Count,
  total_tokens: Count,
  web_searches: Count,
  file_searches: Count,
  code_runs: Count,
  images: Count,
  /** In US dollars. */
  total_cost: z.number(),
});
export type ListedUser = z.infer<typeof ListedUser>;

/** The result of the RPC `admin_list_users`. */
export const UserPage = Page.extend({
  users: z.array(ListedUser),
  /** True if `total` is the planner's estimate, because counting would take too long. */
  total_is_estimate: z.boolean(),
});
export type UserPage = z.infer<typeof UserPage>;

/** The result of the RPC `admin_get_user`. */
export const UserDetails = ListedUser.extend({
  /** The row of `profiles`. */
  profile: z.looseObject({ id: Key }),
  /** The row of `organizations`. */
  organization: z.looseObject({ id: Key, name: z.string() }).nullable(),
  activity: z.object({
    total_actions: Count,
    actions_this_week: Count,
    last_activity: Time.nullable(),
    most_common_action: z.string().nullable(),
  }),
  note_count: Count,
});
export type UserDetails = z.infer<typeof UserDetails>;

/** The result of the RPC `admin_list_audit`. */
export const AuditPage = Page.extend({
  /** Rows of `audit_logs`, newest first. */
  entries: z.array(z.looseObject({ id: Key, action: z.string(), created_at: Time })),
});
export type AuditPage = z.infer<typeof AuditPage>;

/** The result of the RPC `request_account_deletion`. */
export const DeletionRequest = z.object({
  profile_id: Key,
  stripe_customers: z.array(z.string()),
});
export type DeletionRequest = z.infer<typeof DeletionRequest>;
