// Every route of every function. The reference is generated from this list, and the security tests request each route.
import type { z } from "zod";
import {
  AccountExport,
  BridgeReply,
  BridgeRequest,
  BridgeSession,
  CheckoutRequest,
  CleanupReply,
  HealthReply,
  LookoutChange,
  LookoutRequest,
  LookoutsReply,
  PortalRequest,
  ProductsReply,
  RecoveryReply,
  RedeemRequest,
  RedirectReply,
  RegisterRequest,
  SendRequest,
  StopReply,
  SubscriptionReply,
  UploadFields,
  UseChatRequest,
  WebhookReply,
} from "./api.ts";
import type { Database } from "./database.ts";
import type { HttpErrorCode } from "./errors.ts";

/** How a route authenticates its caller. */
export type RouteAuth = "none" | "publishable" | "user" | "secret" | "signature";

/** A reply that is not an error. */
export interface RouteReply {
  status: 200 | 201 | 202 | 204 | 503;
  meaning: string;
  schema?: z.ZodType;
  /** The table whose row is the reply. */
  row?: keyof Database["public"]["Tables"];
  /** The media type, unless it is JSON. */
  type?: "text/event-stream";
}

/** A route of a function. */
export interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** The path below `/functions/v1`. Its first segment is the function. */
  path: string;
  auth: RouteAuth;
  summary: string;
  /** Each shape that a JSON body may have. */
  json?: z.ZodType[];
  /** The text fields of a multipart form with the part `file`. */
  form?: z.ZodType;
  example?: Record<string, unknown>;
  replies: RouteReply[];
  /** The errors in addition to those that every route has. */
  errors: HttpErrorCode[];
}

const id = "00000000-0000-4000-8000-000000000000";
const page = "http://localhost:3000/";

const account: HttpErrorCode[] = ["unknown_user", "account_blocked"];
const assistant: HttpErrorCode[] = ["assistant_unavailable", "plan_required"];
const provider: HttpErrorCode[] = [
  "provider_error",
  "provider_busy",
  "provider_misconfigured",
  "provider_timeout",
  "content_filtered",
  "context_too_long",
  "image_refused",
];
const limits: HttpErrorCode[] = [
  "rate_limited",
  "daily_limit_reached",
  "quota_exceeded",
  "search_quota_exceeded",
  "budget_exceeded",
];
const upload: HttpErrorCode[] = [
  "session_not_found",
  "message_not_found",
  "empty_file",
  "file_too_large",
  "unsupported_file_type",
  "file_limit_reached",
  "object_not_found",
  "object_in_use",
  "file_not_found",
  "file_changed",
  "upload_failed",
];

/** Every route of every function. */
export const routes: Route[] = [
  {
    method: "GET",
    path: "/health",
    auth: "none",
    summary: "Says whether the function and the database answer.",
    replies: [
      { status: 200, meaning: "Both answer.", schema: HealthReply },
      { status: 503, meaning: "The database does not answer.", schema: HealthReply },
    ],
    errors: [],
  },
  {
    method: "POST",
    path: "/chat",
    auth: "user",
    summary: "Stores a message of the user and streams the reply.",
    json: [SendRequest, UseChatRequest],
    example: { session_id: id, content: "Hello" },
    replies: [{
      status: 200,
      meaning: "The reply, as a UI message stream of the AI SDK.",
      type: "text/event-stream",
    }, { status: 204, meaning: "The reply that ran has just been completed." }],
    errors: [
      ...account,
      ...assistant,
      ...limits,
      ...provider,
      "session_not_found",
      "message_not_found",
      "message_id_conflict",
      "nothing_to_regenerate",
      "turn_in_progress",
      "too_many_readers",
      "upload_first",
      "file_not_found",
      "file_not_ready",
    ],
  },
  {
    method: "GET",
    path: "/chat/:session_id/stream",
    auth: "user",
    summary: "Joins the reply that is being written in a chat.",
    replies: [{
      status: 200,
      meaning: "The reply from its beginning, as a UI message stream of the AI SDK.",
      type: "text/event-stream",
    }, { status: 204, meaning: "No reply is being written." }],
    errors: ["too_many_readers"],
  },
  {
    method: "POST",
    path: "/chat/:session_id/stop",
    auth: "user",
    summary: "Stops the reply that is being written in a chat.",
    replies: [
      { status: 200, meaning: "The reply stops.", schema: StopReply },
      { status: 204, meaning: "No reply is being written." },
    ],
    errors: [],
  },
  {
    method: "POST",
    path: "/files",
    auth: "user",
    summary: "Adds a file to a chat: a multipart form, or an object of the bucket chat-files.",
    json: [RegisterRequest],
    form: UploadFields,
    example: { session_id: id, storage_path: "x/y" },
    replies: [
      { status: 201, meaning: "The file is stored; it is being indexed.", row: "chat_files" },
      { status: 200, meaning: "The chat has a file with these bytes already.", row: "chat_files" },
    ],
    errors: [...account, ...upload, "invalid_form"],
  },
  {
    method: "DELETE",
    path: "/files/:id",
    auth: "user",
    summary: "Deletes a file.",
    replies: [{ status: 204, meaning: "The file is deleted." }],
    errors: ["file_not_found"],
  },
  {
    method: "POST",
    path: "/bridge",
    auth: "user",
    summary: "Issues a code that signs the user in to another app once.",
    json: [BridgeRequest],
    example: {},
    replies: [{ status: 200, meaning: "The code.", schema: BridgeReply }],
    errors: ["account_blocked", "email_required", "invalid_data", "data_too_large", "rate_limited"],
  },
  {
    method: "POST",
    path: "/bridge/redeem",
    auth: "publishable",
    summary: "Exchanges a code for a session of its user.",
    json: [RedeemRequest],
    example: { code: "x" },
    replies: [{ status: 200, meaning: "The session.", schema: BridgeSession }],
    errors: ["account_blocked", "code_not_found", "code_expired", "email_required", "rate_limited"],
  },
  {
    method: "POST",
    path: "/billing/checkout",
    auth: "user",
    summary: "Opens Stripe's checkout for a price.",
    json: [CheckoutRequest],
    example: { price_id: "price_x", success_url: page, cancel_url: page },
    replies: [{ status: 200, meaning: "Where to send the user.", schema: RedirectReply }],
    errors: [
      ...account,
      "customer_taken",
      "price_not_found",
      "url_not_allowed",
      "stripe_unavailable",
    ],
  },
  {
    method: "POST",
    path: "/billing/portal",
    auth: "user",
    summary: "Opens Stripe's customer portal.",
    json: [PortalRequest],
    example: { return_url: page },
    replies: [{ status: 200, meaning: "Where to send the user.", schema: RedirectReply }],
    errors: [...account, "no_customer", "url_not_allowed", "stripe_unavailable"],
  },
  {
    method: "GET",
    path: "/billing/subscription",
    auth: "user",
    summary: "Reads the plan and the subscription of the user.",
    replies: [{ status: 200, meaning: "Plan and subscription.", schema: SubscriptionReply }],
    errors: account,
  },
  {
    method: "GET",
    path: "/billing/products",
    auth: "publishable",
    summary: "Lists what is for sale.",
    replies: [{ status: 200, meaning: "Products with prices.", schema: ProductsReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/openai-webhook",
    auth: "signature",
    summary: "Receives an event of OpenAI about the end of a response.",
    example: { id: "evt_x" },
    replies: [{ status: 200, meaning: "The event is processed or ignored.", schema: WebhookReply }],
    errors: ["invalid_signature"],
  },
  {
    method: "POST",
    path: "/stripe-webhook",
    auth: "signature",
    summary: "Receives an event of Stripe.",
    example: { id: "evt_x" },
    replies: [{ status: 200, meaning: "The event is processed or ignored.", schema: WebhookReply }],
    errors: ["invalid_signature", "wrong_mode", "stripe_object_missing"],
  },
  {
    method: "POST",
    path: "/lookouts",
    auth: "user",
    summary: "Creates a lookout: a task that an assistant repeats on a schedule.",
    json: [LookoutRequest],
    example: {
      title: "News",
      prompt: "What is new?",
      assistant_slug: "researcher",
      frequency: "daily",
      time: "09:00",
      timezone: "UTC",
    },
    replies: [{ status: 201, meaning: "The lookout.", row: "lookouts" }],
    errors: [...account, ...assistant, "invalid_schedule", "lookout_limit_reached"],
  },
  {
    method: "PATCH",
    path: "/lookouts/:id",
    auth: "user",
    summary: "Edits, pauses, resumes or archives a lookout.",
    json: [LookoutChange],
    example: { title: "Other news" },
    replies: [{ status: 200, meaning: "The lookout.", row: "lookouts" }],
    errors: [
      ...account,
      ...assistant,
      "lookout_not_found",
      "lookout_changed",
      "invalid_schedule",
      "lookout_limit_reached",
    ],
  },
  {
    method: "POST",
    path: "/lookouts/:id/run",
    auth: "user",
    summary: "Runs a lookout now, beside its schedule.",
    replies: [{ status: 202, meaning: "The run has started.", row: "lookout_runs" }],
    errors: [
      ...account,
      ...assistant,
      ...limits,
      "lookout_not_found",
      "lookout_not_active",
      "lookout_running",
    ],
  },
  {
    method: "DELETE",
    path: "/lookouts/:id",
    auth: "user",
    summary: "Deletes a lookout; the chats of its runs stay.",
    replies: [{ status: 204, meaning: "The lookout is deleted." }],
    errors: ["lookout_not_found"],
  },
  {
    method: "POST",
    path: "/lookouts/run",
    auth: "secret",
    summary: "Runs the lookouts that are due. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What became of the runs.", schema: LookoutsReply }],
    errors: [],
  },
  {
    method: "GET",
    path: "/account/export",
    auth: "user",
    summary: "Streams everything that the user owns as one JSON document.",
    replies: [{ status: 200, meaning: "The export.", schema: AccountExport }],
    errors: ["unknown_user"],
  },
  {
    method: "DELETE",
    path: "/account",
    auth: "user",
    summary: "Deletes the account and everything that it owns.",
    replies: [{ status: 204, meaning: "The account is deleted." }],
    errors: ["unknown_user", "last_admin", "owner_must_transfer"],
  },
  {
    method: "POST",
    path: "/turn-recovery",
    auth: "secret",
    summary: "Settles turns whose function has died. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What became of the turns.", schema: RecoveryReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/vector-store-cleanup",
    auth: "secret",
    summary:
      "Expires vector stores and deletes remote objects. A schedule calls it every 15 minutes.",
    replies: [{ status: 200, meaning: "What was deleted.", schema: CleanupReply }],
    errors: [],
  },
];
