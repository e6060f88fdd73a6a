// Generated from the database by `npm run db:types`; do not edit.

/** The columns that clients may read and write, by table. `values` has the literals of checked columns. */
export interface ClientTables {
  assistant_tools: {
    select: "assistant_slug" | "tool_slug" | "created_at";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  assistants: {
    select:
      | "slug"
      | "name"
      | "description"
      | "model"
      | "capabilities"
      | "temperature"
      | "reasoning_effort"
      | "max_output_tokens"
      | "max_tool_calls"
      | "web_with_tools"
      | "max_files"
      | "starters"
      | "required_plan"
      | "is_active"
      | "sort_order"
      | "created_at"
      | "updated_at";
    insert: never;
    update: never;
    values: { reasoning_effort: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" };
  };
  chat_files: {
    select:
      | "id"
      | "user_id"
      | "session_id"
      | "assistant_slug"
      | "message_id"
      | "file_name"
      | "file_size"
      | "file_type"
      | "storage_path"
      | "uploaded_as"
      | "sha256"
      | "openai_file_id"
      | "vector_store_id"
      | "origin"
      | "status"
      | "error"
      | "indexing_since"
      | "retry_at"
      | "created_at"
      | "updated_at";
    insert: never;
    update: never;
    values: { origin: "user" | "assistant"; status: "pending" | "indexing" | "ready" | "failed" };
  };
  chat_messages: {
    select:
      | "id"
      | "session_id"
      | "user_id"
      | "seq"
      | "client_id"
      | "sender"
      | "content"
      | "parts"
      | "attachments"
      | "has_files"
      | "model"
      | "input_tokens"
      | "cached_input_tokens"
      | "output_tokens"
      | "total_tokens"
      | "usage_estimated"
      | "completion_time"
      | "status"
      | "response_id"
      | "error"
      | "feedback"
      | "created_at";
    insert: never;
    update: "feedback";
    values: {
      sender: "user" | "assistant" | "system" | "tool";
      status: "streaming" | "complete" | "stopped" | "failed";
      feedback: -1 | 1;
    };
  };
  chat_sessions: {
    select:
      | "id"
      | "user_id"
      | "assistant_slug"
      | "thread_id"
      | "title"
      | "title_origin"
      | "visibility"
      | "share_token"
      | "archived_at"
      | "message_count"
      | "created_at"
      | "updated_at";
    insert: "id" | "assistant_slug" | "title";
    update: "title" | "archived_at";
    values: { title_origin: "question" | "model" | "user"; visibility: "private" | "public" };
  };
  chat_turns: {
    select:
      | "id"
      | "session_id"
      | "user_id"
      | "user_message_id"
      | "assistant_message_id"
      | "response_id"
      | "status"
      | "stop_requested_at"
      | "progressed_at"
      | "reservation"
      | "created_at"
      | "finished_at"
      | "search"
      | "steps"
      | "step_started_at"
      | "first_part"
      | "replaces_message_id";
    insert: never;
    update: never;
    values: { status: "active" | "waiting" | "complete" | "stopped" | "failed" };
  };
  custom_instructions: {
    select: "user_id" | "content" | "created_at" | "updated_at";
    insert: "user_id" | "content";
    update: "user_id" | "content";
    values: Record<never, never>;
  };
  lookout_runs: {
    select:
      | "id"
      | "lookout_id"
      | "user_id"
      | "scheduled_at"
      | "status"
      | "session_id"
      | "error"
      | "attempts"
      | "next_run_at"
      | "started_at"
      | "turn_started_at"
      | "finished_at";
    insert: never;
    update: never;
    values: { status: "running" | "complete" | "failed" | "skipped" };
  };
  lookouts: {
    select:
      | "id"
      | "user_id"
      | "title"
      | "prompt"
      | "assistant_slug"
      | "frequency"
      | "cron_schedule"
      | "timezone"
      | "next_run_at"
      | "status"
      | "last_run_at"
      | "last_run_session_id"
      | "lease_until"
      | "created_at"
      | "updated_at";
    insert: never;
    update: never;
    values: {
      frequency: "once" | "daily" | "weekly" | "monthly" | "yearly" | "cron";
      status: "active" | "paused" | "archived" | "running";
    };
  };
  models: {
    select:
      | "model"
      | "context_window"
      | "max_output_tokens"
      | "efforts"
      | "default_effort"
      | "accepts_temperature"
      | "accepts_images"
      | "compacts"
      | "input_price"
      | "cached_input_price"
      | "cache_write_price"
      | "output_price"
      | "long_input_tokens";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  monthly_costs: {
    select: "user_id" | "month" | "spent" | "reserved" | "carried";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  organization_costs: {
    select: "organization_id" | "month" | "spent" | "reserved";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  organizations: {
    select: "id" | "name" | "created_at" | "updated_at" | "monthly_budget";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  payments: {
    select:
      | "id"
      | "stripe_payment_intent_id"
      | "stripe_invoice_id"
      | "stripe_customer_id"
      | "user_id"
      | "subscription_id"
      | "status"
      | "description"
      | "amount"
      | "tax"
      | "refunded_amount"
      | "currency"
      | "settlement_amount"
      | "settlement_currency"
      | "settlement_tax"
      | "payment_method"
      | "payment_method_type"
      | "card_network"
      | "card_type"
      | "card_last_four"
      | "card_issuing_country"
      | "error_code"
      | "error_message"
      | "invoice_status"
      | "invoice_link"
      | "receipt_link"
      | "payment_link"
      | "discount_id"
      | "checkout_id"
      | "billing"
      | "customer"
      | "product_cart"
      | "refunds"
      | "disputes"
      | "metadata"
      | "digital_products_delivered"
      | "paid_at"
      | "created_at"
      | "updated_at"
      | "ticket";
    insert: never;
    update: never;
    values: {
      status: "pending" | "completed" | "failed" | "refunded" | "partially_refunded" | "disputed";
    };
  };
  plans: {
    select:
      | "slug"
      | "name"
      | "rank"
      | "monthly_messages"
      | "daily_messages"
      | "monthly_searches"
      | "turns_per_minute"
      | "max_file_bytes"
      | "max_session_files"
      | "max_files"
      | "max_bytes"
      | "max_sessions"
      | "max_lookouts"
      | "max_output_tokens"
      | "monthly_budget";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  profiles: {
    select:
      | "id"
      | "auth_id"
      | "email"
      | "user_name"
      | "organization_name"
      | "avatar_url"
      | "role"
      | "membership_status"
      | "organization_id"
      | "organization_role"
      | "stripe_customer_id"
      | "stripe_subscription_id"
      | "stripe_product_id"
      | "subscription_plan"
      | "subscription_quota"
      | "subscription_usage"
      | "quota_last_reset"
      | "tokens"
      | "tokens_expires_at"
      | "is_active"
      | "email_confirmed"
      | "auth_provider"
      | "is_anonymous"
      | "is_deleted"
      | "deleted_at"
      | "created_at"
      | "updated_at"
      | "granted_plan"
      | "granted_plan_ends_at"
      | "plan_source"
      | "entitlement_due_at"
      | "organization_joined_at";
    insert: never;
    update: "user_name" | "organization_name" | "avatar_url";
    values: {
      role: "user" | "premium" | "admin" | "banned";
      membership_status: "active" | "inactive" | "canceled" | "past_due";
      organization_role: "owner" | "admin" | "member";
      plan_source: "none" | "subscription" | "granted" | "organization";
    };
  };
  stripe_customers: {
    select:
      | "id"
      | "user_id"
      | "email"
      | "name"
      | "currency"
      | "is_delinquent"
      | "is_deleted"
      | "metadata"
      | "created_at"
      | "synced_at"
      | "ticket"
      | "organization_id";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  stripe_prices: {
    select:
      | "id"
      | "product_id"
      | "is_active"
      | "currency"
      | "unit_amount"
      | "type"
      | "recurring_interval"
      | "recurring_interval_count"
      | "trial_days";
    insert: never;
    update: never;
    values: { type: "one_time" | "recurring" };
  };
  stripe_products: {
    select:
      | "id"
      | "name"
      | "description"
      | "is_active"
      | "default_price_id"
      | "images"
      | "plan"
      | "tokens";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  subscription_items: {
    select:
      | "id"
      | "subscription_id"
      | "stripe_price_id"
      | "stripe_product_id"
      | "quantity"
      | "current_period_start"
      | "current_period_end"
      | "created_at";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  subscriptions: {
    select:
      | "id"
      | "stripe_subscription_id"
      | "stripe_customer_id"
      | "user_id"
      | "status"
      | "stripe_price_id"
      | "stripe_product_id"
      | "quantity"
      | "amount"
      | "currency"
      | "recurring_interval"
      | "recurring_interval_count"
      | "current_period_start"
      | "current_period_end"
      | "cancel_at_period_end"
      | "auto_renew"
      | "cancel_at"
      | "canceled_at"
      | "started_at"
      | "ends_at"
      | "ended_at"
      | "past_due_at"
      | "trial_start"
      | "trial_end"
      | "pause_collection"
      | "paid_until"
      | "discount_id"
      | "checkout_id"
      | "cancellation_reason"
      | "cancellation_comment"
      | "metadata"
      | "custom_field_data"
      | "created_at"
      | "updated_at"
      | "ticket";
    insert: never;
    update: never;
    values: {
      status:
        | "incomplete"
        | "incomplete_expired"
        | "trialing"
        | "active"
        | "past_due"
        | "canceled"
        | "unpaid"
        | "paused";
    };
  };
  tool_calls: {
    select:
      | "id"
      | "turn_id"
      | "session_id"
      | "user_id"
      | "call_id"
      | "tool_slug"
      | "kind"
      | "arguments"
      | "output"
      | "status"
      | "error"
      | "reason"
      | "step"
      | "position"
      | "attempts"
      | "created_at"
      | "started_at"
      | "decided_at"
      | "finished_at";
    insert: never;
    update: never;
    values: {
      kind: "function" | "http" | "client" | "mcp";
      status:
        | "pending"
        | "awaiting_client"
        | "awaiting_approval"
        | "running"
        | "complete"
        | "failed"
        | "denied";
    };
  };
  tool_prices: {
    select: "tool" | "price" | "unit";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  tools: {
    select: "slug" | "kind" | "description" | "parameters" | "needs_approval";
    insert: never;
    update: never;
    values: { kind: "function" | "http" | "client" | "mcp" | "provider" };
  };
  usage_counters: {
    select: "user_id" | "feature" | "period_start" | "count" | "reset_at";
    insert: never;
    update: never;
    values: { feature: "turns" | "messages" | "searches" | "attaches" };
  };
  usage_metrics: {
    select:
      | "user_id"
      | "day"
      | "feature_type"
      | "model"
      | "request_count"
      | "input_tokens"
      | "cached_input_tokens"
      | "output_tokens"
      | "total_tokens"
      | "web_searches"
      | "file_searches"
      | "code_runs"
      | "images"
      | "total_cost";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  user_activity: {
    select: "id" | "user_id" | "action" | "data" | "created_at";
    insert: never;
    update: never;
    values: Record<never, never>;
  };
  vector_stores: {
    select:
      | "id"
      | "store_id"
      | "user_id"
      | "session_id"
      | "assistant_slug"
      | "name"
      | "file_count"
      | "expires_at"
      | "status"
      | "expired_at"
      | "error"
      | "openai_metadata"
      | "lease_until"
      | "created_at"
      | "updated_at";
    insert: never;
    update: never;
    values: { status: "active" | "expired" | "recreating" | "failed" };
  };
}

/** The RPCs that clients may call. */
export type ClientFunctions =
  | "accept_invitation"
  | "admin_add_note"
  | "admin_flag_note"
  | "admin_get_user"
  | "admin_grant_credits"
  | "admin_grant_plan"
  | "admin_list_assistant_files"
  | "admin_list_audit"
  | "admin_list_notes"
  | "admin_list_users"
  | "admin_set_active"
  | "admin_set_role"
  | "create_organization"
  | "delete_organization"
  | "ensure_profile"
  | "export_account"
  | "get_my_usage"
  | "get_shared_chat"
  | "get_user_activity_summary"
  | "get_user_stats"
  | "invite_member"
  | "issue_bridge_token"
  | "leave_organization"
  | "list_invitations"
  | "list_members"
  | "log_activity"
  | "organization_usage"
  | "remove_member"
  | "rename_organization"
  | "request_account_deletion"
  | "resend_invitation"
  | "revoke_invitation"
  | "set_chat_visibility"
  | "set_member_role"
  | "set_organization_budget"
  | "transfer_ownership";
