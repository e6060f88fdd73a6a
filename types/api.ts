// What the edge functions take and answer, shared by the functions and their clients.
import type { UIMessage } from "ai";
import { z } from "zod";
import type { Database } from "./database.ts";

/** Longest text of one message, in UTF-16 code units. */
export const MAX_CONTENT_LENGTH = 32_000;
/** Most parts of one message. */
export const MAX_PARTS = 100;

/** How every function answers an error; refusals of the REST API have the same shape. */
export const ErrorReply = z.object({
  /** Stable snake_case name. */
  code: z.string(),
  /** A sentence for a person. */
  message: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  hint: z.string().nullable(),
});
/** A parsed {@link ErrorReply}. */
export type ErrorReply = z.infer<typeof ErrorReply>;

/** The answer of `GET /functions/v1/health`. */
export const HealthReply = z.object({
  status: z.enum(["ok", "unavailable"]),
  database: z.enum(["ok", "unavailable"]),
  /** Version of the newest migration; null when the database is unavailable. */
  schema_version: z.string().nullable(),
});
/** A parsed {@link HealthReply}. */
export type HealthReply = z.infer<typeof HealthReply>;

/** Text as Postgres can store it: without NUL, and with lone surrogates replaced. */
const StoredText = z.string().transform((text) => text.replaceAll("\0", "").toWellFormed());

/** An id is a key: what Postgres cannot store is refused, not changed. */
const MessageId = z.string().min(1).max(128).refine(
  (id) => id.isWellFormed() && !id.includes("\0"),
  { error: "The id holds characters that cannot be stored." },
);
const SessionId = z.guid();
const TextPart = z.object({ type: z.literal("text"), text: StoredText });
const UserMessage = z.object({
  id: MessageId,
  role: z.literal("user", { error: "The last message must be the user's." }),
  parts: z.array(TextPart).min(1).max(MAX_PARTS),
});

/** A message to be answered, as the functions' core sees it. */
const SendTurn = z.object({
  kind: z.literal("send"),
  session_id: SessionId,
  /** The client's id of the message: the key of idempotence. */
  message_id: MessageId,
  parts: z.array(TextPart),
  /** The text of all parts. */
  content: z.string().refine((text) => text.trim() !== "", { error: "The message is empty." })
    .max(MAX_CONTENT_LENGTH),
  /** Set to edit a message: the session is cut after it. */
  edits: MessageId.nullable(),
  search: z.boolean(),
});

/** The last answer of a session to be given again. */
const RegenerateTurn = z.object({
  kind: z.literal("regenerate"),
  session_id: SessionId,
  /** The answer, or the message before it; nothing else can be meant. */
  target_id: MessageId.nullable(),
  search: z.boolean(),
});

/** A turn that a client asks for. */
export const ChatTurn = z.discriminatedUnion("kind", [SendTurn, RegenerateTurn]);
/** A parsed {@link ChatTurn}. */
export type ChatTurn = z.infer<typeof ChatTurn>;

/** The small request body of `POST /functions/v1/chat`. */
export const SendRequest = z.object({
  session_id: SessionId,
  content: StoredText,
  message_id: MessageId.default(() => crypto.randomUUID()),
  /** Lets the assistant search the web; counts as a search. */
  search: z.boolean().default(false),
}).transform(({ content, ...rest }): z.input<typeof ChatTurn> => ({
  ...rest,
  kind: "send",
  content,
  parts: [{ type: "text", text: content }],
  edits: null,
})).pipe(ChatTurn);
/** What {@link SendRequest} takes. */
export type SendRequest = z.input<typeof SendRequest>;

/** What `useChat` posts by default. Only the last message is used: history always comes from the database. */
export const UseChatRequest = z.object({
  id: SessionId,
  messages: z.array(z.unknown()).optional(),
  message: z.unknown().optional(),
  trigger: z.enum(["submit-message", "regenerate-message"]).default("submit-message"),
  messageId: MessageId.nullish(),
  search: z.boolean().default(false),
}).transform((body, context): z.input<typeof ChatTurn> => {
  const { id: session_id, messageId, search } = body;
  if (body.trigger === "regenerate-message") {
    return { kind: "regenerate", session_id, target_id: messageId ?? null, search };
  }
  const message = parseLastMessage(body, context);
  if (!message) return z.NEVER;
  const { id: message_id, parts } = message;
  if (messageId && messageId !== message_id) {
    context.addIssue({
      code: "custom",
      message: "Not the message that is sent.",
      path: ["messageId"],
    });
  }
  const content = parts.map((part) => part.text).join("\n");
  return { kind: "send", session_id, message_id, parts, content, edits: messageId ?? null, search };
}).pipe(ChatTurn);
/** What {@link UseChatRequest} takes. */
export type UseChatRequest = z.input<typeof UseChatRequest>;

function parseLastMessage(
  { message, messages }: { message?: unknown; messages?: unknown[] },
  context: z.RefinementCtx,
): z.infer<typeof UserMessage> | null {
  const last = Math.max(0, (messages?.length ?? 0) - 1);
  const path = message === undefined ? ["messages", last] : ["message"];
  const parsed = UserMessage.safeParse(message ?? messages?.[last]);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    context.addIssue({ code: "custom", message: issue.message, path: [...path, ...issue.path] });
  }
  return null;
}

/** Parses either body of `POST /functions/v1/chat`. */
export function parseChatRequest(body: unknown): z.ZodSafeParseResult<ChatTurn> {
  const isSmall = typeof body === "object" && body !== null && "session_id" in body;
  return isSmall ? SendRequest.safeParse(body) : UseChatRequest.safeParse(body);
}

/** The answer of `POST /functions/v1/chat/:session_id/stop`; 204 when nothing runs. */
export const StopReply = z.object({ status: z.literal("stopping") });
/** A parsed {@link StopReply}. */
export type StopReply = z.infer<typeof StopReply>;

/** The answer of `POST /functions/v1/turn-recovery`: how many turns were found silent, and what became of them. */
export const RecoveryReply = z.object({
  checked: z.number().int(),
  complete: z.number().int(),
  stopped: z.number().int(),
  failed: z.number().int(),
  still_running: z.number().int(),
  errors: z.number().int(),
});
/** A parsed {@link RecoveryReply}. */
export type RecoveryReply = z.infer<typeof RecoveryReply>;

/** What is known of a reply besides its parts; `UIMessage.metadata` of assistant messages. */
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
  /** Only when the reply did not come to its end. */
  status: z.enum(["streaming", "stopped", "failed"]).optional(),
});
/** A parsed {@link MessageMetadata}. */
export type MessageMetadata = z.infer<typeof MessageMetadata>;

/** A stored message as `useChat` holds it. */
export type ParleyMessage = UIMessage<MessageMetadata>;

type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];

const StoredRole = z.enum(["user", "assistant", "system"]);

/** The `UIMessage` of a row of `chat_messages`; loading history into `useChat` needs nothing else. */
export function toUIMessage(row: MessageRow): ParleyMessage {
  const metadata = readMetadata(row);
  return {
    id: row.client_id ?? row.id,
    // A stored tool message is the assistant's, in the SDK's terms.
    role: StoredRole.catch("assistant").parse(row.sender),
    // The functions store nothing but UIMessage.parts here, and the column checks that it is an array.
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
