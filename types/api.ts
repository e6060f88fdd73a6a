// The requests and replies of the edge functions, shared by the functions and their clients.
import type { UIMessage } from "ai";
import { z } from "zod";
import { Constants, type Database } from "./database.ts";
import { describeIssue } from "./describe-issue.ts";
import type { ReceivedErrorCode } from "./errors.ts";
import { toStoredText } from "./stored-text.ts";

/** The longest text of one message, in UTF-16 code units. */
export const MAX_CONTENT_LENGTH = 32_000;
/** The most parts of one message. */
export const MAX_PARTS = 100;

/** The reply of every function to an error. Refusals of the REST API have the code in `message`, and in `hint` a sentence. */
export const ErrorReply = z.object({
  /** A stable name in snake_case. */
  code: z.string(),
  /** A sentence for a person. */
  message: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  hint: z.string().nullable(),
});
export type ErrorReply = Omit<z.infer<typeof ErrorReply>, "code"> & { code: ReceivedErrorCode };

/** The reply of `GET /functions/v1/health`. */
export const HealthReply = z.object({
  status: z.enum(["ok", "unavailable"]),
  database: z.enum(["ok", "unavailable"]),
  /** The version of the newest migration; null when the database is unavailable. */
  schema_version: z.string().nullable(),
  /** The release of Parley that the database has; null when the database is unavailable. */
  release: z.string().nullable(),
});
export type HealthReply = z.infer<typeof HealthReply>;

/** A text as Postgres can store it: without NUL, and with lone surrogates replaced. */
const StoredText = z.string().transform(toStoredText);

/** The id of a message. Ids that Postgres cannot store are refused: a changed id would name another message. */
const MessageId = z.string().min(1).max(128).refine(
  (id) => id.isWellFormed() && !id.includes("\0"),
  { error: "The id of the message contains characters that cannot be stored. Send another id." },
);
const SessionId = z.guid();
/** The beginning of the `url` of an uploaded file in a message. The id of the file follows. */
const FILE_URL = "parley:file/";
const FileId = z.guid();
/** Files of the session that belong to a message. */
const FileIds = z.array(FileId).max(MAX_PARTS).default([]);
const TextPart = z.object({ type: z.literal("text"), text: StoredText });
/** An uploaded file in a message. Clients send the same part that is stored. */
const FilePart = z.object({
  type: z.literal("file"),
  /** Missing in parts that the functions create from `file_ids`: the database adds type and name. */
  mediaType: StoredText.optional(),
  filename: StoredText.optional(),
  url: z.string()
    .refine((url) => !url.startsWith("data:"), {
      error: "The message contains a file that was not uploaded. Upload it first.",
      params: { code: "upload_first" },
      abort: true,
    })
    .refine(
      (url) => FileId.safeParse(url.slice(FILE_URL.length)).success && url.startsWith(FILE_URL),
      {
        error: "The address of the file is not valid. Name the file as parley:file/<id>.",
      },
    ),
});
const Part = z.discriminatedUnion("type", [TextPart, FilePart]);
type Part = z.infer<typeof Part>;
const UserMessage = z.object({
  id: MessageId,
  role: z.literal("user", { error: "The last message must be one of the user: send role user." }),
  parts: z.array(Part).min(1).max(MAX_PARTS),
});

/** A message that needs a reply, in the functions' own form. */
const SendTurn = z.object({
  kind: z.literal("send"),
  session_id: SessionId,
  /** The client's id of the message. Sending the same id again does not generate a second reply. */
  message_id: MessageId,
  parts: z.array(Part),
  /** The text of all parts. */
  content: z.string().max(MAX_CONTENT_LENGTH),
  /** Files in addition to those in the parts. */
  file_ids: FileIds,
  /** The message that this one edits; later messages of the session are deleted. Null for a new message. */
  edits: MessageId.nullable(),
  search: z.boolean(),
}).refine(({ content, parts, file_ids }) => content.trim() !== "" || hasFiles(parts, file_ids), {
  error: "The message is empty. Write a text or add a file.",
  path: ["content"],
});

function hasFiles(parts: Part[], fileIds: string[]): boolean {
  return fileIds.length > 0 || parts.some(({ type }) => type === "file");
}

/** A new reply in place of the last one of a session. */
const RegenerateTurn = z.object({
  kind: z.literal("regenerate"),
  session_id: SessionId,
  /** The last reply or the message before it; other messages are refused. */
  target_id: MessageId.nullable(),
  search: z.boolean(),
});

/** A turn that a client asks for. */
export const ChatTurn = z.discriminatedUnion("kind", [SendTurn, RegenerateTurn]);
export type ChatTurn = z.infer<typeof ChatTurn>;

/** The short request body of `POST /functions/v1/chat`. */
export const SendRequest = z.object({
  session_id: SessionId,
  content: StoredText,
  message_id: MessageId.default(() => crypto.randomUUID()),
  file_ids: FileIds,
  /** True lets the assistant search the web, which counts as a search. */
  search: z.boolean().default(false),
}).transform(({ content, ...rest }): z.input<typeof ChatTurn> => ({
  ...rest,
  kind: "send",
  content,
  parts: [
    ...(content === "" ? [] : [{ type: "text" as const, text: content }]),
    ...rest.file_ids.map((id) => ({ type: "file" as const, url: FILE_URL + id })),
  ],
  edits: null,
})).pipe(ChatTurn);
export type SendRequest = z.input<typeof SendRequest>;

/** The default request body of `useChat`. Only the last message is used: history always comes from the database. */
export const UseChatRequest = z.object({
  id: SessionId,
  messages: z.array(z.unknown()).optional(),
  message: z.unknown().optional(),
  trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
  messageId: MessageId.nullish(),
  file_ids: FileIds,
  search: z.boolean().default(false),
}).transform((body, context): z.input<typeof ChatTurn> => {
  const { id: session_id, messageId, search, file_ids } = body;
  if (body.trigger === "regenerate-message") {
    return { kind: "regenerate", session_id, target_id: messageId ?? null, search };
  }
  const message = parseLastMessage(body, context);
  if (!message) return z.NEVER;
  const { id: message_id, parts } = message;
  if (messageId && messageId !== message_id) {
    context.addIssue({
      code: "custom",
      message:
        "The field messageId does not name the message that is sent. Send the id of that message.",
      path: ["messageId"],
    });
  }
  const content = parts.flatMap((part) => part.type === "text" ? part.text : []).join("\n");
  const edits = messageId ?? null;
  return { kind: "send", session_id, message_id, parts, content, edits, search, file_ids };
}).pipe(ChatTurn);
export type UseChatRequest = z.input<typeof UseChatRequest>;

function parseLastMessage(
  { message, messages }: { message?: unknown; messages?: unknown[] },
  context: z.RefinementCtx,
): z.infer<typeof UserMessage> | null {
  const last = Math.max(0, (messages?.length ?? 0) - 1);
  const path = message === undefined ? ["messages", last] : ["message"];
  const value = message ?? messages?.[last];
  const parsed = UserMessage.safeParse(value, { error: describeMessageIssue });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    context.addIssue({ ...issue, path: [...path, ...issue.path] });
  }
  return null;
}

/** Describes an issue of the message, whose fields are named as those of a message and not of the request body. */
function describeMessageIssue(issue: z.core.$ZodRawIssue): string {
  return describeIssue({ ...issue, path: ["message", ...issue.path ?? []] });
}

/** Parses both bodies of `POST /functions/v1/chat`. */
export function parseChatRequest(body: unknown): z.ZodSafeParseResult<ChatTurn> {
  const isSmall = typeof body === "object" && body !== null && "session_id" in body;
  const shape = isSmall ? SendRequest : UseChatRequest;
  return shape.safeParse(body, { error: describeIssue });
}

/** The text fields of the form of `POST /functions/v1/files`; the file is the part `file`. */
export const UploadFields = z.object({
  session_id: SessionId,
  /** The message of the session that the file belongs to: its own id or the client's id. */
  message_id: MessageId.optional(),
});
export type UploadFields = z.infer<typeof UploadFields>;

/** The JSON body of `POST /functions/v1/files`, for an object that is already in Storage. */
export const RegisterRequest = UploadFields.extend({
  /** A path in the bucket `chat-files`, in the folder that has the caller's profile id as its name. */
  storage_path: z.string().min(1).max(1024).refine((path) => !path.includes("\0")),
});
export type RegisterRequest = z.infer<typeof RegisterRequest>;

/** The reply of `POST /functions/v1/files`: the row. 201 for a new file, 200 if the session already has its bytes. */
export type FileReply = Database["public"]["Tables"]["chat_files"]["Row"];

/** The reply of `POST /functions/v1/vector-store-cleanup`. */
export const CleanupReply = z.object({
  /** Stores and unfinished files that were checked. */
  checked: z.number().int(),
  /** Stores that have expired. */
  expired: z.number().int(),
  /** Objects that were deleted at OpenAI, in Storage and at Stripe. */
  deleted: z.number().int(),
  /** Unfinished stores that were completed. */
  recreated: z.number().int(),
  /** Objects at OpenAI and in Storage that no row names, added to the outbox. */
  orphans: z.number().int(),
  /** Deletions and checks that failed. Later runs repeat them. */
  failed: z.number().int(),
  /** Due deletions that are left for the next run. */
  remaining: z.number().int(),
});
export type CleanupReply = z.infer<typeof CleanupReply>;

/** The reply of `POST /functions/v1/chat/:session_id/stop`; 204 when nothing runs. */
export const StopReply = z.object({ status: z.literal("stopping") });
export type StopReply = z.infer<typeof StopReply>;

/** The reply of `POST /functions/v1/turn-recovery`: the number of turns without heartbeats, and of each result. */
export const RecoveryReply = z.object({
  checked: z.number().int(),
  complete: z.number().int(),
  stopped: z.number().int(),
  failed: z.number().int(),
  still_running: z.number().int(),
  errors: z.number().int(),
});
export type RecoveryReply = z.infer<typeof RecoveryReply>;

/** When a lookout runs. A missing or wrong field gives `invalid_schedule`, and `details.field` names it. */
const LookoutSchedule = z.object({
  frequency: z.enum(["once", "daily", "weekly", "monthly", "yearly", "cron"]),
  /** An IANA name, such as `Europe/London`. */
  timezone: z.string().min(1).max(64),
  /** The local time as `HH:MM`, for every frequency except `cron`. */
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/).optional(),
  /** `YYYY-MM-DD`: the day of `once`, or the day of the week, month or year for others, which is today by default. */
  date: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).optional(),
  /** For `once`: an instant instead of date and time. */
  run_at: z.iso.datetime({ offset: true }).optional(),
  /** For `cron`: five fields in the timezone, at most once an hour. */
  cron_schedule: z.string().max(100).optional(),
});

/** The body of `POST /functions/v1/lookouts`. */
export const LookoutRequest = LookoutSchedule.extend({
  /** The title of the lookout, and of the chats of its runs. */
  title: StoredText.pipe(z.string().trim().min(1).max(200)),
  prompt: StoredText.pipe(z.string().trim().min(1).max(MAX_CONTENT_LENGTH)),
  assistant_slug: z.string().regex(/^[a-z0-9-]{1,63}$/),
});
export type LookoutRequest = z.infer<typeof LookoutRequest>;

/** The body of `PATCH /functions/v1/lookouts/:id`: the fields that change. */
export const LookoutChange = LookoutRequest.partial().extend({
  /** Resuming computes the next run from now. */
  status: z.enum(["active", "paused", "archived"]).optional(),
});
export type LookoutChange = z.infer<typeof LookoutChange>;

/** The reply of `POST /functions/v1/lookouts` (201) and of `PATCH /functions/v1/lookouts/:id`: the row. */
export type LookoutReply = Database["public"]["Tables"]["lookouts"]["Row"];

/** The reply of `POST /functions/v1/lookouts/:id/run` (202): the run, which continues in the chat `session_id`. */
export type LookoutRunReply = Database["public"]["Tables"]["lookout_runs"]["Row"];

/** The reply of `POST /functions/v1/lookouts/run`: the runs of this call, and the number of remaining lookouts. */
export const LookoutsReply = z.object({
  claimed: z.number().int(),
  complete: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
  /** Lookouts that are due, or whose run continues. */
  remaining: z.number().int(),
});
export type LookoutsReply = z.infer<typeof LookoutsReply>;

const StoredValue = z.union([
  StoredText.pipe(z.string().max(1000)),
  z.number(),
  z.boolean(),
  z.null(),
]);

/** The body of `POST /functions/v1/bridge`. It is optional. */
export const BridgeRequest = z.object({
  /** Data for the app that redeems the code; at most 4 KiB. */
  session_data: z.record(StoredText, StoredValue).default({}),
});
export type BridgeRequest = z.infer<typeof BridgeRequest>;

/** The reply of `POST /functions/v1/bridge`. */
export const BridgeReply = z.object({
  /** The code, which signs its user in once. */
  code: z.string(),
  expires_at: z.string(),
});
export type BridgeReply = z.infer<typeof BridgeReply>;

/** The body of `POST /functions/v1/bridge/redeem`. */
export const RedeemRequest = z.object({ code: StoredText.pipe(z.string().max(1000)) });
export type RedeemRequest = z.infer<typeof RedeemRequest>;

/** The reply of `POST /functions/v1/bridge/redeem`: the arguments of `supabase.auth.setSession`, and more. */
export const BridgeSession = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.string(),
  /** In seconds. */
  expires_in: z.number(),
  /** In Unix seconds. */
  expires_at: z.number().optional(),
  /** The data that `POST /functions/v1/bridge` received. */
  session_data: z.record(z.string(), z.unknown()),
});
export type BridgeSession = z.infer<typeof BridgeSession>;

/** The body of `POST /functions/v1/billing/checkout`. Other fields have no effect: the price decides about trials. */
export const CheckoutRequest = z.object({
  price_id: z.string().regex(/^\w{1,255}$/, {
    error: "The price is not an id of Stripe. Send the id of a price that is for sale.",
  }),
  /** Where the user returns to. Both URLs must have an allowed origin. */
  success_url: z.url().max(2048),
  cancel_url: z.url().max(2048),
});
export type CheckoutRequest = z.infer<typeof CheckoutRequest>;

/** The body of `POST /functions/v1/billing/portal`. */
export const PortalRequest = z.object({ return_url: z.url().max(2048) });
export type PortalRequest = z.infer<typeof PortalRequest>;

/** The reply of checkout and portal: the URL to send the user to. */
export const RedirectReply = z.object({ url: z.url() });
export type RedirectReply = z.infer<typeof RedirectReply>;

const { membership_status, subscription_status } = Constants.public.Enums;

/** The reply of `GET /functions/v1/billing/subscription`. */
export const SubscriptionReply = z.object({
  plan: z.string(),
  membership_status: z.enum(membership_status),
  /** The subscription that gives the plan, or else the latest one; null for users who never had one. */
  subscription: z.object({
    stripe_subscription_id: z.string(),
    status: z.enum(subscription_status),
    stripe_price_id: z.string().nullable(),
    stripe_product_id: z.string().nullable(),
    /** In the smallest unit of the currency, for one period. */
    amount: z.number().int().nullable(),
    currency: z.string(),
    recurring_interval: z.string().nullable(),
    current_period_start: z.string().nullable(),
    current_period_end: z.string().nullable(),
    auto_renew: z.boolean(),
    trial_end: z.string().nullable(),
    ends_at: z.string().nullable(),
  }).nullable(),
  /** When this data was last fetched from Stripe; null for users who are not customers. */
  synced_at: z.string().nullable(),
});
export type SubscriptionReply = z.infer<typeof SubscriptionReply>;

/** The reply of `GET /functions/v1/billing/products`: the products for sale. */
export const ProductsReply = z.object({
  products: z.array(z.object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    images: z.array(z.string()),
    /** The plan that a subscription gives; null for credits. */
    plan: z.string().nullable(),
    /** Credits that each purchase grants. */
    tokens: z.number().int().nullable(),
    prices: z.array(z.object({
      id: z.string(),
      currency: z.string(),
      /** In the smallest unit of the currency. */
      unit_amount: z.number().int().nullable(),
      type: z.enum(["one_time", "recurring"]),
      recurring_interval: z.string().nullable(),
      recurring_interval_count: z.number().int().nullable(),
      nickname: z.string().nullable(),
      /** Days of trial for users who have never subscribed. */
      trial_days: z.number().int().nullable(),
    })),
  })),
});
export type ProductsReply = z.infer<typeof ProductsReply>;

/** The reply of `POST /functions/v1/stripe-webhook`. */
export const WebhookReply = z.object({ status: z.enum(["processed", "ignored"]) });
export type WebhookReply = z.infer<typeof WebhookReply>;

const Key = z.guid();
const Time = z.string();
const owned = { user_id: Key };
/** Rows of a table. The columns in `shape` are checked; all other columns are present too. */
function rowsOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.array(z.looseObject(shape));
}

/**
 * The document of `GET /functions/v1/account/export`: every row that the user owns, by table. Each row appears once, as
 * it was when it was read. Messages are ordered by session and `seq`.
 */
export const AccountExport = z.strictObject({
  exported_at: Time,
  profiles: rowsOf({ id: Key, email: z.string().nullable(), created_at: Time }).length(1),
  custom_instructions: rowsOf({ ...owned, content: z.string() }),
  chat_sessions: rowsOf({ ...owned, id: Key, assistant_slug: z.string(), created_at: Time }),
  chat_messages: rowsOf({
    ...owned,
    id: Key,
    session_id: Key,
    seq: z.number().int(),
    sender: z.enum(["user", "assistant", "system", "tool"]),
    content: z.string(),
    parts: z.array(z.unknown()),
    created_at: Time,
  }),
  chat_turns: rowsOf({ ...owned, id: Key, session_id: Key }),
  chat_files: rowsOf({
    ...owned,
    id: Key,
    session_id: Key,
    file_name: z.string(),
    /** A link that works for an hour; null for a file without bytes in Storage. */
    download_url: z.url().nullable(),
  }),
  vector_stores: rowsOf({ ...owned, id: Key, session_id: Key }),
  usage_counters: rowsOf({ ...owned, feature: z.string(), period_start: Time }),
  usage_metrics: rowsOf({ ...owned, day: z.string(), feature_type: z.string(), model: z.string() }),
  stripe_customers: rowsOf({ ...owned, id: z.string() }),
  subscriptions: rowsOf({ ...owned, id: Key, stripe_subscription_id: z.string() }),
  payments: rowsOf({ ...owned, id: Key, amount: z.number(), currency: z.string() }),
  credit_grants: rowsOf({ ...owned, id: Key, tokens: z.number().int() }),
  /** The user's own organization, if any. The membership is in the profile. */
  organizations: rowsOf({ id: Key, name: z.string() }).max(1),
  /** Invitations that the user sent, without their hashes. */
  organization_invitations: rowsOf({
    id: Key,
    invited_by: Key,
    email: z.string(),
    role: z.string(),
  }),
  lookouts: rowsOf({ ...owned, id: Key, title: z.string(), prompt: z.string() }),
  lookout_runs: rowsOf({ ...owned, id: Key, lookout_id: Key, scheduled_at: Time }),
  user_activity: rowsOf({ ...owned, id: Key, action: z.string(), created_at: Time }),
  /** Codes of the bridge, without their hashes. */
  bridge_tokens: rowsOf({ ...owned, id: Key, created_at: Time }),
  sync_logs: rowsOf({ ...owned, id: Key, event_type: z.string(), created_at: Time }),
});
export type AccountExport = z.infer<typeof AccountExport>;
/** A section of an export, which has the name of its table. */
export type ExportSection = Exclude<keyof AccountExport, "exported_at">;

/** The metadata of a reply: `UIMessage.metadata` of assistant messages. */
export const MessageMetadata = z.object({
  model: z.string().optional(),
  usage: z.object({
    input_tokens: z.number().int(),
    cached_input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    total_tokens: z.number().int(),
  }).optional(),
  /** Seconds from the request to the end of the reply. */
  completion_time: z.number().optional(),
  /** Set only for a reply that is not complete. */
  status: z.enum(["streaming", "stopped", "failed"]).optional(),
});
export type MessageMetadata = z.infer<typeof MessageMetadata>;

/** A stored message in the form of `useChat`. */
export type ParleyMessage = UIMessage<MessageMetadata>;

type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];

const StoredRole = z.enum(["user", "assistant", "system"]);

/** Returns the `UIMessage` of a row of `chat_messages`. Loading history into `useChat` needs nothing else. */
export function toUIMessage(row: MessageRow): ParleyMessage {
  const metadata = readMetadata(row);
  return {
    id: row.client_id ?? row.id,
    // The SDK has no role for tools: their messages belong to the assistant.
    role: StoredRole.catch("assistant").parse(row.sender),
    // The functions store only UIMessage.parts here, and the column checks that it is an array.
    parts: row.parts as ParleyMessage["parts"],
    ...(metadata && { metadata }),
  };
}

function readMetadata(row: MessageRow): MessageMetadata | undefined {
  if (row.sender === "user") return undefined;
  const { input_tokens, cached_input_tokens, output_tokens, total_tokens } = row;
  return MessageMetadata.parse({
    model: row.model ?? undefined,
    usage: total_tokens === null ? undefined : {
      input_tokens,
      cached_input_tokens: cached_input_tokens ?? 0,
      output_tokens,
      total_tokens,
    },
    completion_time: row.completion_time ?? undefined,
    status: row.status === "complete" ? undefined : row.status,
  });
}
