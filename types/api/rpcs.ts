// The results of RPCs that clients may call and whose type the generator of Supabase does not know. Tests call each RPC
// and refuse a missing or an unknown field.
import * as z from "zod";

const Key = z.guid();
const Time = z.string();
const Count = z.number();
const OrganizationRole = z.enum(["owner", "admin", "member"]);

/** What a user has used of a limit, and when the count starts again. */
export const Quota = z.strictObject({
  used: z.number(),
  limit: z.number().nullable().describe("Null means unlimited."),
  reset_at: Time,
});
export type Quota = z.infer<typeof Quota>;

/** The result of the RPC `get_my_usage`. */
export const UsageReply = z.strictObject({
  plan: z.string(),
  monthly_messages: Quota,
  daily_messages: Quota,
  monthly_searches: Quota,
  monthly_budget: Quota.describe("In US dollars."),
  turns_per_minute: z.number().nullable().describe("Null means unlimited."),
  credits: z.strictObject({ balance: z.number(), expires_at: Time.nullable() }),
});
export type UsageReply = z.infer<typeof UsageReply>;

/** The result of the RPC `get_shared_chat`: the finished messages of a chat, with parts of the AI SDK. */
export const SharedChat = z.strictObject({
  title: z.string().nullable(),
  assistant: z.strictObject({ slug: z.string(), name: z.string() }),
  messages: z.array(z.strictObject({
    sender: z.enum(["user", "assistant"]),
    parts: z.array(z.looseObject({ type: z.string() })),
  })),
});
export type SharedChat = z.infer<typeof SharedChat>;

const Page = z.strictObject({
  total: Count,
  total_pages: Count,
  current_page: Count,
  page_size: Count,
});

/** A user in the lists of admins, with counts of activity and usage. */
export const ListedUser = z.strictObject({
  id: Key,
  email: z.string().nullable(),
  user_name: z.string().nullable(),
  avatar_url: z.string().nullable(),
  role: z.enum(["user", "premium", "admin", "banned"]),
  is_active: z.boolean(),
  email_confirmed: z.boolean(),
  auth_provider: z.string(),
  membership_status: z.enum(["active", "inactive", "canceled", "past_due"]),
  subscription_plan: z.string(),
  subscription_quota: z.number().nullable(),
  subscription_usage: Count,
  tokens: Count,
  tokens_expires_at: Time.nullable(),
  organization_id: Key.nullable(),
  organization_role: OrganizationRole.nullable(),
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
  total_cost: z.number().describe("In US dollars."),
});
export type ListedUser = z.infer<typeof ListedUser>;

/** The result of the RPC `admin_list_users`. */
export const UserPage = Page.extend({
  users: z.array(ListedUser),
  total_is_estimate: z.boolean().describe(
    "True if `total` is the planner's estimate, because counting would take too long.",
  ),
});
export type UserPage = z.infer<typeof UserPage>;

/** The activity of a user in numbers. */
export const ActivitySummary = z.strictObject({
  total_actions: Count,
  actions_this_week: Count,
  last_activity: Time.nullable(),
  most_common_action: z.string().nullable(),
});
export type ActivitySummary = z.infer<typeof ActivitySummary>;

/** The result of the RPC `admin_get_user`. */
export const UserDetails = ListedUser.extend({
  profile: z.looseObject({ id: Key }).meta({ tsType: 'Tables<"profiles">' }),
  organization: z.strictObject({
    id: Key,
    name: z.string(),
    created_at: Time,
    updated_at: Time,
    monthly_budget: z.number().nullable().describe("In US dollars; null means unlimited."),
  }).nullable().describe("The row of `organizations`."),
  activity: ActivitySummary,
  note_count: Count,
});
export type UserDetails = z.infer<typeof UserDetails>;

/** An entry of the audit log: what an admin did. */
export const AuditEntry = z.strictObject({
  id: Key,
  admin_id: Key.nullable(),
  user_id: Key.nullable().describe("The user whom the action concerns."),
  action: z.string(),
  before: z.record(z.string(), z.unknown()).nullable().describe("The columns before the change."),
  after: z.record(z.string(), z.unknown()).nullable().describe("The columns after the change."),
  details: z.record(z.string(), z.unknown()).nullable(),
  ip_address: z.string().nullable(),
  created_at: Time,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The result of the RPC `admin_list_audit`. */
export const AuditPage = Page.extend({
  entries: z.array(AuditEntry).describe("Newest first."),
});
export type AuditPage = z.infer<typeof AuditPage>;

/** The result of the RPC `request_account_deletion`. */
export const DeletionRequest = z.strictObject({
  profile_id: Key,
  stripe_customers: z.array(z.string()),
});
export type DeletionRequest = z.infer<typeof DeletionRequest>;

/** The result of the RPC `export_account`: a page of a section. */
export const ExportPage = z.strictObject({
  next: z.array(z.string()).nullable().describe(
    "The argument `after` of the next page; null on the last page.",
  ),
  rows: z.array(z.looseObject({})),
});
export type ExportPage = z.infer<typeof ExportPage>;

/** A row of the result of the RPC `list_members`. */
export const Member = z.strictObject({
  profile_id: Key,
  user_name: z.string().nullable(),
  email: z.string().nullable().describe("Null for callers who are plain members or suspended."),
  avatar_url: z.string().nullable(),
  role: OrganizationRole,
  joined_at: Time,
});
export type Member = z.infer<typeof Member>;

/** A row of the result of the RPC `list_invitations`. */
export const Invitation = z.strictObject({
  invitation_id: Key,
  email: z.string(),
  role: z.enum(["admin", "member"]),
  invited_by: Key.nullable().describe("The profile of the inviter; null if it no longer exists."),
  is_void: z.boolean().describe("True if the inviter may no longer invite. Resend it then."),
  expires_at: Time,
  created_at: Time,
});
export type Invitation = z.infer<typeof Invitation>;

/** A row of the result of the RPC `organization_usage`. */
export const MemberUsage = z.strictObject({
  profile_id: Key,
  user_name: z.string().nullable(),
  role: OrganizationRole,
  plan: z.string(),
  plan_source: z.enum(["none", "subscription", "granted", "organization"]),
  request_count: Count,
  input_tokens: Count,
  output_tokens: Count,
  total_cost: z.number().describe("In US dollars."),
});
export type MemberUsage = z.infer<typeof MemberUsage>;

const token = {
  token: z.string().describe("The secret of the link; shown only now."),
  expires_at: Time,
};

/** The results of RPCs by name. RPCs that return nothing or rows of a table are not in the list. */
export const RpcResults = z.strictObject({
  admin_get_user: UserDetails,
  admin_list_audit: AuditPage,
  admin_list_users: UserPage,
  export_account: ExportPage,
  get_my_usage: UsageReply,
  get_shared_chat: SharedChat.nullable().describe("Null if no chat has this token."),
  get_user_activity_summary: z.array(ActivitySummary).describe("One row."),
  get_user_stats: z.array(z.strictObject({
    total_users: Count,
    active_users_today: Count,
    new_users_this_week: Count,
    total_usage_metrics: Count,
  })).describe("One row."),
  invite_member: z.array(z.strictObject({ invitation_id: Key, ...token })).describe("One row."),
  issue_bridge_token: z.array(z.strictObject({ code: z.string(), expires_at: Time }))
    .describe("One row."),
  list_invitations: z.array(Invitation),
  list_members: z.array(Member),
  organization_usage: z.array(MemberUsage),
  request_account_deletion: DeletionRequest,
  resend_invitation: z.array(z.strictObject(token)).describe("One row."),
  set_chat_visibility: z.string().nullable()
    .describe("The token of the share link; null for a private chat."),
});
export type RpcResults = z.infer<typeof RpcResults>;
