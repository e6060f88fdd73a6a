// Generated from the schemas of types/api.ts by `npm run db:types`; do not edit.
import type { Tables } from "./client-tables.ts";
import type { ReceivedErrorCode } from "./errors.ts";

/**
 * A whole export, joined from the parts of `GET /functions/v1/account/export`: every row that the user owns, by table.
 * Each row appears once, as it was when it was read. Messages are ordered by session and `seq`.
 */
export interface AccountExport {
  exported_at: string;
  /**
   * @minItems 1
   * @maxItems 1
   */
  profiles: {
    id: string;
    email: string | null;
    created_at: string;
    [k: string]: unknown;
  }[];
  custom_instructions: {
    user_id: string;
    content: string;
    [k: string]: unknown;
  }[];
  chat_sessions: {
    user_id: string;
    id: string;
    assistant_slug: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  chat_messages: {
    user_id: string;
    id: string;
    session_id: string;
    seq: number;
    sender: "user" | "assistant" | "system" | "tool";
    content: string;
    parts: unknown[];
    created_at: string;
    [k: string]: unknown;
  }[];
  chat_turns: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  tool_calls: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  chat_files: {
    user_id: string;
    id: string;
    session_id: string;
    file_name: string;
    /**
     * A link that works for an hour; null for a file without bytes in Storage.
     */
    download_url: string | null;
    [k: string]: unknown;
  }[];
  vector_stores: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  usage_counters: {
    user_id: string;
    feature: string;
    period_start: string;
    [k: string]: unknown;
  }[];
  usage_metrics: {
    user_id: string;
    day: string;
    feature_type: string;
    model: string;
    [k: string]: unknown;
  }[];
  monthly_costs: {
    user_id: string;
    month: string;
    spent: number;
    reserved: number;
    [k: string]: unknown;
  }[];
  stripe_customers: {
    user_id: string;
    id: string;
    [k: string]: unknown;
  }[];
  subscriptions: {
    user_id: string;
    id: string;
    stripe_subscription_id: string;
    [k: string]: unknown;
  }[];
  subscription_items: {
    id: string;
    subscription_id: string;
    [k: string]: unknown;
  }[];
  payments: {
    user_id: string;
    id: string;
    amount: number;
    currency: string;
    [k: string]: unknown;
  }[];
  credit_grants: {
    user_id: string;
    id: string;
    tokens: number;
    [k: string]: unknown;
  }[];
  /**
   * The user's own organization, if any. The membership is in the profile.
   *
   * @maxItems 1
   */
  organizations: {
    id: string;
    name: string;
    [k: string]: unknown;
  }[];
  /**
   * Invitations that the user sent, without their hashes.
   */
  organization_invitations: {
    id: string;
    invited_by: string;
    email: string;
    role: string;
    [k: string]: unknown;
  }[];
  lookouts: {
    user_id: string;
    id: string;
    title: string;
    prompt: string;
    [k: string]: unknown;
  }[];
  lookout_runs: {
    user_id: string;
    id: string;
    lookout_id: string;
    scheduled_at: string;
    [k: string]: unknown;
  }[];
  user_activity: {
    user_id: string;
    id: string;
    action: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  /**
   * Codes of the bridge, without their hashes.
   */
  bridge_tokens: {
    user_id: string;
    id: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  sync_logs: {
    user_id: string;
    id: string;
    event_type: string;
    created_at: string;
    [k: string]: unknown;
  }[];
}

/**
 * One part of an export, about 16 MB at most. It has some sections; a section may go on in the next part. `next` is the
 * query parameter `after` of the next part, and null in the last part.
 */
export interface AccountExportPart {
  exported_at: string;
  /**
   * @minItems 1
   * @maxItems 1
   */
  profiles?: {
    id: string;
    email: string | null;
    created_at: string;
    [k: string]: unknown;
  }[];
  custom_instructions?: {
    user_id: string;
    content: string;
    [k: string]: unknown;
  }[];
  chat_sessions?: {
    user_id: string;
    id: string;
    assistant_slug: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  chat_messages?: {
    user_id: string;
    id: string;
    session_id: string;
    seq: number;
    sender: "user" | "assistant" | "system" | "tool";
    content: string;
    parts: unknown[];
    created_at: string;
    [k: string]: unknown;
  }[];
  chat_turns?: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  tool_calls?: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  chat_files?: {
    user_id: string;
    id: string;
    session_id: string;
    file_name: string;
    /**
     * A link that works for an hour; null for a file without bytes in Storage.
     */
    download_url: string | null;
    [k: string]: unknown;
  }[];
  vector_stores?: {
    user_id: string;
    id: string;
    session_id: string;
    [k: string]: unknown;
  }[];
  usage_counters?: {
    user_id: string;
    feature: string;
    period_start: string;
    [k: string]: unknown;
  }[];
  usage_metrics?: {
    user_id: string;
    day: string;
    feature_type: string;
    model: string;
    [k: string]: unknown;
  }[];
  monthly_costs?: {
    user_id: string;
    month: string;
    spent: number;
    reserved: number;
    [k: string]: unknown;
  }[];
  stripe_customers?: {
    user_id: string;
    id: string;
    [k: string]: unknown;
  }[];
  subscriptions?: {
    user_id: string;
    id: string;
    stripe_subscription_id: string;
    [k: string]: unknown;
  }[];
  subscription_items?: {
    id: string;
    subscription_id: string;
    [k: string]: unknown;
  }[];
  payments?: {
    user_id: string;
    id: string;
    amount: number;
    currency: string;
    [k: string]: unknown;
  }[];
  credit_grants?: {
    user_id: string;
    id: string;
    tokens: number;
    [k: string]: unknown;
  }[];
  /**
   * The user's own organization, if any. The membership is in the profile.
   *
   * @maxItems 1
   */
  organizations?: {
    id: string;
    name: string;
    [k: string]: unknown;
  }[];
  /**
   * Invitations that the user sent, without their hashes.
   */
  organization_invitations?: {
    id: string;
    invited_by: string;
    email: string;
    role: string;
    [k: string]: unknown;
  }[];
  lookouts?: {
    user_id: string;
    id: string;
    title: string;
    prompt: string;
    [k: string]: unknown;
  }[];
  lookout_runs?: {
    user_id: string;
    id: string;
    lookout_id: string;
    scheduled_at: string;
    [k: string]: unknown;
  }[];
  user_activity?: {
    user_id: string;
    id: string;
    action: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  /**
   * Codes of the bridge, without their hashes.
   */
  bridge_tokens?: {
    user_id: string;
    id: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  sync_logs?: {
    user_id: string;
    id: string;
    event_type: string;
    created_at: string;
    [k: string]: unknown;
  }[];
  next: string | null;
}

/**
 * The activity of a user in numbers.
 */
export interface ActivitySummary {
  total_actions: number;
  actions_this_week: number;
  last_activity: string | null;
  most_common_action: string | null;
}

/**
 * An entry of the audit log: what an admin did.
 */
export interface AuditEntry {
  id: string;
  admin_id: string | null;
  /**
   * The user whom the action concerns.
   */
  user_id: string | null;
  action: string;
  /**
   * The columns before the change.
   */
  before: {
    [k: string]: unknown;
  } | null;
  /**
   * The columns after the change.
   */
  after: {
    [k: string]: unknown;
  } | null;
  details: {
    [k: string]: unknown;
  } | null;
  ip_address: string | null;
  created_at: string;
}

/**
 * The result of the RPC `admin_list_audit`.
 */
export interface AuditPage {
  total: number;
  total_pages: number;
  current_page: number;
  page_size: number;
  /**
   * Newest first.
   */
  entries: AuditEntry[];
}

/**
 * The reply of `POST /functions/v1/bridge`.
 */
export interface BridgeReply {
  /**
   * The code, which signs its user in once.
   */
  code: string;
  expires_at: string;
}

/**
 * The body of `POST /functions/v1/bridge`. It is optional.
 */
export interface BridgeRequest {
  /**
   * Data for the app that redeems the code; at most 4 KiB.
   */
  session_data?: {
    [k: string]: string | number | boolean | null;
  };
}

/**
 * The reply of `POST /functions/v1/bridge/redeem`: the arguments of `supabase.auth.setSession`, and more.
 */
export interface BridgeSession {
  access_token: string;
  refresh_token: string;
  token_type: string;
  /**
   * In seconds.
   */
  expires_in: number;
  /**
   * In Unix seconds.
   */
  expires_at?: number;
  /**
   * The data that `POST /functions/v1/bridge` received.
   */
  session_data: {
    [k: string]: unknown;
  };
}

/**
 * The body of `POST /functions/v1/billing/checkout`. Other fields have no effect: the price decides about trials.
 */
export interface CheckoutRequest {
  price_id: string;
  /**
   * Where the user returns to. Both URLs must have an allowed origin.
   */
  success_url: string;
  cancel_url: string;
  for?: "user" | "organization";
  /**
   * Seats of an organization, at least one for each member; as many as members by default.
   */
  quantity?: number;
}

/**
 * The result of the RPC `request_account_deletion`.
 */
export interface DeletionRequest {
  profile_id: string;
  stripe_customers: string[];
}

/**
 * The reply of every function to an error. A refusal of the REST API has the code in `message` and the sentence in
 * `hint`.
 */
export interface ErrorReply {
  /**
   * A stable name in snake_case.
   */
  code: ReceivedErrorCode;
  /**
   * A sentence for a person.
   */
  message: string;
  details: {
    [k: string]: unknown;
  } | null;
  hint: string | null;
}

/**
 * The result of the RPC `export_account`: a page of a section.
 */
export interface ExportPage {
  /**
   * The argument `after` of the next page; null on the last page.
   */
  next: string[] | null;
  rows: {
    [k: string]: unknown;
  }[];
}

/**
 * The sections of an export in their order. A section has the name of its table.
 */
export type ExportSection =
  | "profiles"
  | "custom_instructions"
  | "chat_sessions"
  | "chat_messages"
  | "chat_turns"
  | "tool_calls"
  | "chat_files"
  | "vector_stores"
  | "usage_counters"
  | "usage_metrics"
  | "monthly_costs"
  | "stripe_customers"
  | "subscriptions"
  | "subscription_items"
  | "payments"
  | "credit_grants"
  | "organizations"
  | "organization_invitations"
  | "lookouts"
  | "lookout_runs"
  | "user_activity"
  | "bridge_tokens"
  | "sync_logs";

/**
 * The reply of `GET /functions/v1/health`.
 */
export interface HealthReply {
  status: "ok" | "unavailable";
  database: "ok" | "unavailable";
  /**
   * The version of the newest migration; null when the database is unavailable.
   */
  schema_version: string | null;
  /**
   * The release of Parley that the database has; null when the database is unavailable.
   */
  release: string | null;
}

/**
 * A row of the result of the RPC `list_invitations`.
 */
export interface Invitation {
  invitation_id: string;
  email: string;
  role: "admin" | "member";
  /**
   * The profile of the inviter; null if it no longer exists.
   */
  invited_by: string | null;
  /**
   * True if the inviter may no longer invite. Resend it then.
   */
  is_void: boolean;
  expires_at: string;
  created_at: string;
}

/**
 * A user in the lists of admins, with counts of activity and usage.
 */
export interface ListedUser {
  id: string;
  email: string | null;
  user_name: string | null;
  avatar_url: string | null;
  role: "user" | "premium" | "admin" | "banned";
  is_active: boolean;
  email_confirmed: boolean;
  auth_provider: string;
  membership_status: "active" | "inactive" | "canceled" | "past_due";
  subscription_plan: string;
  subscription_quota: number | null;
  subscription_usage: number;
  tokens: number;
  tokens_expires_at: string | null;
  organization_id: string | null;
  organization_role: ("owner" | "admin" | "member") | null;
  created_at: string;
  session_count: number;
  flagged_notes: number;
  activity_count: number;
  last_activity: string | null;
  request_count: number;
  total_tokens: number;
  web_searches: number;
  file_searches: number;
  code_runs: number;
  images: number;
  /**
   * In US dollars.
   */
  total_cost: number;
}

/**
 * The body of `PATCH /functions/v1/lookouts/:id`: the fields that change.
 */
export interface LookoutChange {
  frequency?: "once" | "daily" | "weekly" | "monthly" | "yearly" | "cron";
  /**
   * An IANA name, such as `Europe/London`.
   */
  timezone?: string;
  /**
   * The local time as `HH:MM`, for every frequency except `cron`.
   */
  time?: string;
  /**
   * `YYYY-MM-DD`: the day of `once`, or the day of the week, month or year for others, which is today by default.
   */
  date?: string;
  /**
   * For `once`: an instant instead of date and time.
   */
  run_at?: string;
  /**
   * For `cron`: five fields in the timezone, at most once an hour.
   */
  cron_schedule?: string;
  /**
   * The title of the lookout, and of the chats of its runs.
   */
  title?: string;
  prompt?: string;
  assistant_slug?: string;
  /**
   * Resuming computes the next run from now.
   */
  status?: "active" | "paused" | "archived";
}

/**
 * The body of `POST /functions/v1/lookouts`.
 */
export interface LookoutRequest {
  frequency: "once" | "daily" | "weekly" | "monthly" | "yearly" | "cron";
  /**
   * An IANA name, such as `Europe/London`.
   */
  timezone: string;
  /**
   * The local time as `HH:MM`, for every frequency except `cron`.
   */
  time?: string;
  /**
   * `YYYY-MM-DD`: the day of `once`, or the day of the week, month or year for others, which is today by default.
   */
  date?: string;
  /**
   * For `once`: an instant instead of date and time.
   */
  run_at?: string;
  /**
   * For `cron`: five fields in the timezone, at most once an hour.
   */
  cron_schedule?: string;
  /**
   * The title of the lookout, and of the chats of its runs.
   */
  title: string;
  prompt: string;
  assistant_slug: string;
}

/**
 * A row of the result of the RPC `list_members`.
 */
export interface Member {
  profile_id: string;
  user_name: string | null;
  /**
   * Null for callers who are plain members or suspended.
   */
  email: string | null;
  avatar_url: string | null;
  role: "owner" | "admin" | "member";
  joined_at: string;
}

/**
 * A row of the result of the RPC `organization_usage`.
 */
export interface MemberUsage {
  profile_id: string;
  user_name: string | null;
  role: "owner" | "admin" | "member";
  plan: string;
  plan_source: "none" | "subscription" | "granted" | "organization";
  request_count: number;
  input_tokens: number;
  output_tokens: number;
  /**
   * In US dollars.
   */
  total_cost: number;
}

/**
 * The metadata of a reply: `UIMessage.metadata` of assistant messages.
 */
export interface MessageMetadata {
  model?: string;
  usage?: {
    input_tokens: number;
    cached_input_tokens: number;
    output_tokens: number;
    total_tokens: number;
  };
  /**
   * Seconds from the request to the end of the reply.
   */
  completion_time?: number;
  /**
   * Set only for a reply that is not complete.
   */
  status?: "streaming" | "stopped" | "failed";
}

/**
 * The body of `POST /functions/v1/billing/portal`.
 */
export interface PortalRequest {
  return_url: string;
  for?: "user" | "organization";
  /**
   * The page that the portal opens; the overview by default.
   */
  flow?: "change" | "cancel" | "payment_method";
  /**
   * The price to change to. Without it, the user chooses in the portal.
   */
  price_id?: string;
}

/**
 * The reply of `GET /functions/v1/billing/products`: the products for sale.
 */
export interface ProductsReply {
  products: {
    id: string;
    name: string;
    description: string | null;
    images: string[];
    /**
     * The plan that a subscription gives; null for credits.
     */
    plan: string | null;
    /**
     * Credits that each purchase grants.
     */
    tokens: number | null;
    prices: {
      id: string;
      currency: string;
      /**
       * In the smallest unit of the currency.
       */
      unit_amount: number | null;
      type: "one_time" | "recurring";
      recurring_interval: string | null;
      recurring_interval_count: number | null;
      /**
       * Days of trial for users who have never subscribed.
       */
      trial_days: number | null;
    }[];
  }[];
}

/**
 * What a user has used of a limit, and when the count starts again.
 */
export interface Quota {
  used: number;
  /**
   * Null means unlimited.
   */
  limit: number | null;
  reset_at: string;
}

/**
 * The body of `POST /functions/v1/bridge/redeem`.
 */
export interface RedeemRequest {
  code: string;
}

/**
 * The reply of checkout and portal: the URL to send the user to.
 */
export interface RedirectReply {
  url: string;
}

/**
 * The JSON body of `POST /functions/v1/files`, for an object that is already in Storage.
 */
export interface RegisterRequest {
  /**
   * The session that the file belongs to.
   */
  session_id?: string;
  /**
   * The assistant that the file belongs to, instead of a session. Only admins may send it.
   */
  assistant_slug?: string;
  /**
   * The message of the session that the file belongs to: its own id or the client's id.
   */
  message_id?: string;
  /**
   * A path in the bucket `chat-files`, in the folder that has the caller's profile id as its name.
   */
  storage_path: string;
  /**
   * The name of the file for people; the last part of the path by default.
   */
  file_name?: string;
}

/**
 * The results of RPCs by name. RPCs that return nothing or rows of a table are not in the list.
 */
export interface RpcResults {
  admin_get_user: UserDetails;
  admin_list_audit: AuditPage;
  admin_list_users: UserPage;
  export_account: ExportPage;
  get_my_usage: UsageReply;
  /**
   * Null if no chat has this token.
   */
  get_shared_chat: SharedChat | null;
  /**
   * One row.
   */
  get_user_activity_summary: ActivitySummary[];
  /**
   * One row.
   */
  get_user_stats: {
    total_users: number;
    active_users_today: number;
    new_users_this_week: number;
    total_usage_metrics: number;
  }[];
  /**
   * One row.
   */
  invite_member: {
    invitation_id: string;
    /**
     * The secret of the link; shown only now.
     */
    token: string;
    expires_at: string;
  }[];
  /**
   * One row.
   */
  issue_bridge_token: {
    code: string;
    expires_at: string;
  }[];
  list_invitations: Invitation[];
  list_members: Member[];
  organization_usage: MemberUsage[];
  request_account_deletion: DeletionRequest;
  /**
   * One row.
   */
  resend_invitation: {
    /**
     * The secret of the link; shown only now.
     */
    token: string;
    expires_at: string;
  }[];
  /**
   * The token of the share link; null for a private chat.
   */
  set_chat_visibility: string | null;
}

/**
 * The short request body of `POST /functions/v1/chat`.
 */
export interface SendRequest {
  session_id: string;
  content: string;
  message_id?: string;
  /**
   * @maxItems 100
   */
  file_ids?: string[];
  /**
   * True lets the assistant search the web, which counts as a search.
   */
  search?: boolean;
  when_busy?: "refuse" | "interrupt";
}

/**
 * The result of the RPC `get_shared_chat`: the finished messages of a chat, with parts of the AI SDK.
 */
export interface SharedChat {
  title: string | null;
  assistant: {
    slug: string;
    name: string;
  };
  messages: {
    sender: "user" | "assistant";
    parts: {
      type: string;
      [k: string]: unknown;
    }[];
  }[];
}

/**
 * The reply of `POST /functions/v1/chat/:session_id/stop`; 204 when nothing runs.
 */
export interface StopReply {
  status: "stopping";
}

/**
 * The reply of `GET /functions/v1/billing/subscription`.
 */
export interface SubscriptionReply {
  plan: string;
  membership_status: "active" | "inactive" | "canceled" | "past_due";
  /**
   * The subscription that gives the plan, or else the latest one; null for users who never had one.
   */
  subscription: {
    stripe_subscription_id: string;
    status:
      | "incomplete"
      | "incomplete_expired"
      | "trialing"
      | "active"
      | "past_due"
      | "canceled"
      | "unpaid"
      | "paused";
    stripe_price_id: string | null;
    stripe_product_id: string | null;
    /**
     * In the smallest unit of the currency, for one period.
     */
    amount: number | null;
    currency: string;
    recurring_interval: string | null;
    current_period_start: string | null;
    current_period_end: string | null;
    auto_renew: boolean;
    trial_end: string | null;
    ends_at: string | null;
  } | null;
  /**
   * When this data was last fetched from Stripe; null for users who are not customers.
   */
  synced_at: string | null;
}

/**
 * The text fields of the form of `POST /functions/v1/files`; the file is the part `file`.
 */
export interface UploadFields {
  /**
   * The session that the file belongs to.
   */
  session_id?: string;
  /**
   * The assistant that the file belongs to, instead of a session. Only admins may send it.
   */
  assistant_slug?: string;
  /**
   * The message of the session that the file belongs to: its own id or the client's id.
   */
  message_id?: string;
}

/**
 * The result of the RPC `get_my_usage`.
 */
export interface UsageReply {
  plan: string;
  monthly_messages: Quota;
  daily_messages: Quota;
  monthly_searches: Quota;
  /**
   * In US dollars.
   */
  monthly_budget: Quota;
  /**
   * Null means unlimited.
   */
  turns_per_minute: number | null;
  credits: {
    balance: number;
    expires_at: string | null;
  };
}

/**
 * The default request body of `useChat`. Only the last message is used: history always comes from the database.
 */
export interface UseChatRequest {
  id: string;
  messages?: unknown[];
  message?: unknown;
  trigger?: "submit-message" | "regenerate-message";
  messageId?: string | null;
  /**
   * @maxItems 100
   */
  file_ids?: string[];
  search?: boolean;
  when_busy?: "refuse" | "interrupt";
}

/**
 * The result of the RPC `admin_get_user`.
 */
export interface UserDetails {
  id: string;
  email: string | null;
  user_name: string | null;
  avatar_url: string | null;
  role: "user" | "premium" | "admin" | "banned";
  is_active: boolean;
  email_confirmed: boolean;
  auth_provider: string;
  membership_status: "active" | "inactive" | "canceled" | "past_due";
  subscription_plan: string;
  subscription_quota: number | null;
  subscription_usage: number;
  tokens: number;
  tokens_expires_at: string | null;
  organization_id: string | null;
  organization_role: ("owner" | "admin" | "member") | null;
  created_at: string;
  session_count: number;
  flagged_notes: number;
  activity_count: number;
  last_activity: string | null;
  request_count: number;
  total_tokens: number;
  web_searches: number;
  file_searches: number;
  code_runs: number;
  images: number;
  /**
   * In US dollars.
   */
  total_cost: number;
  profile: Tables<"profiles">;
  /**
   * The row of `organizations`.
   */
  organization: {
    id: string;
    name: string;
    created_at: string;
    updated_at: string;
    /**
     * In US dollars; null means unlimited.
     */
    monthly_budget: number | null;
  } | null;
  activity: ActivitySummary;
  note_count: number;
}

/**
 * The result of the RPC `admin_list_users`.
 */
export interface UserPage {
  total: number;
  total_pages: number;
  current_page: number;
  page_size: number;
  users: ListedUser[];
  /**
   * True if `total` is the planner's estimate, because counting would take too long.
   */
  total_is_estimate: boolean;
}
