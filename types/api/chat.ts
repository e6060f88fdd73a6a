import * as z from "zod";
import { describeIssue } from "../describe-issue.ts";
import { MAX_CONTENT_LENGTH, MAX_PARTS, MessageId, SessionId, StoredText } from "./fields.ts";

/** The beginning of the `url` of a file part in a message. The id of the file follows. */
export const FILE_URL = "parley:file/";
const FileId = z.guid();
/** Files of the session that belong to a message. */
const FileIds = z.array(FileId).max(MAX_PARTS).default([]);
/** A name or media type in a message. */
const ShortText = StoredText.pipe(z.string().max(255));
const TextPart = z.object({ type: z.literal("text"), text: StoredText });
/** An uploaded file in a message. Clients send the same part that is stored. */
const FilePart = z.object({
  type: z.literal("file"),
  mediaType: ShortText.optional().describe(
    "The database replaces type and name by those of the file.",
  ),
  filename: ShortText.optional(),
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
/** What to do while another reply is being written in the chat: refuse the message, or stop that reply. */
const WhenBusy = z.enum(["refuse", "interrupt"]).default("refuse");
const Part = z.discriminatedUnion("type", [TextPart, FilePart]);
type Part = z.infer<typeof Part>;
const UserMessage = z.object({
  id: MessageId,
  role: z.literal("user", { error: "The last message must be one of the user: send role user." }),
  parts: z.array(Part).min(1).max(MAX_PARTS),
});

/** A reply of the assistant, as a client sends it back with what it has added to its tool calls. */
const ReplyMessage = z.object({
  id: MessageId,
  role: z.literal("assistant"),
  parts: z.array(z.unknown()),
});
/** A tool call in a reply that the client may have answered. Parts that are none are passed over. */
const AnsweredCall = z.object({
  toolCallId: z.string(),
  state: z.string(),
  output: z.unknown().optional(),
  errorText: z.string().optional(),
  approval: z.object({
    approved: z.boolean().optional(),
    reason: z.string().optional(),
  }).optional(),
});

/** A message that needs a reply, in the functions' own form. */
const SendTurn = z.object({
  kind: z.literal("send"),
  session_id: SessionId,
  message_id: MessageId.describe(
    "The client's id of the message. Sending the same id again does not generate a second reply.",
  ),
  parts: z.array(Part),
  content: z.string().max(MAX_CONTENT_LENGTH).describe("The text of all parts."),
  file_ids: FileIds.describe("Files in addition to those in the parts."),
  edits: MessageId.nullable().describe(
    "The message that this one edits; later messages of the session are deleted. Null for a new message.",
  ),
  search: z.boolean(),
  when_busy: WhenBusy,
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
  target_id: MessageId.nullable().describe(
    "The last reply or the message before it; other messages are refused.",
  ),
  search: z.boolean(),
  when_busy: WhenBusy,
});

/** What a client says about a tool call that waits for it: an output, an error, or a decision. */
const ToolAnswer = z.object({
  tool_call_id: z.string().max(200),
  output: z.unknown().optional(),
  error: StoredText.pipe(z.string().max(10_000)).optional(),
  is_approved: z.boolean().optional(),
  reason: StoredText.pipe(z.string().max(1_000)).optional(),
});

/** Outputs and decisions for the tool calls of a reply, which then goes on. */
const ContinuedTurn = z.object({
  kind: z.literal("continue"),
  session_id: SessionId,
  message_id: MessageId.describe("The id of the reply."),
  answers: z.array(ToolAnswer).max(MAX_PARTS),
  when_busy: WhenBusy,
});
export type ContinuedTurn = z.infer<typeof ContinuedTurn>;

const NewTurn = z.discriminatedUnion("kind", [SendTurn, RegenerateTurn]);
/** A turn that begins. */
export type NewTurn = z.infer<typeof NewTurn>;

/** A turn that a client asks for. */
export const ChatTurn = z.discriminatedUnion("kind", [SendTurn, RegenerateTurn, ContinuedTurn]);
export type ChatTurn = z.infer<typeof ChatTurn>;

/** The short request body of `POST /functions/v1/chat`. */
export const SendRequest = z.object({
  session_id: SessionId,
  content: StoredText,
  message_id: MessageId.default(() => crypto.randomUUID()),
  file_ids: FileIds,
  search: z.boolean().default(false).describe(
    "True lets the assistant search the web, which counts as a search.",
  ),
  when_busy: WhenBusy,
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
  when_busy: WhenBusy,
}).transform((body, context): z.input<typeof ChatTurn> => {
  const { id: session_id, messageId, search, file_ids, when_busy } = body;
  if (body.trigger === "regenerate-message") {
    return { kind: "regenerate", session_id, target_id: messageId ?? null, search, when_busy };
  }
  const reply = ReplyMessage.safeParse(lastMessage(body).value);
  const answers = readAnswers(reply.data?.parts ?? []);
  if (reply.success && answers.length > 0) {
    return { kind: "continue", session_id, message_id: reply.data.id, answers, when_busy };
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
  const turn = { session_id, message_id, parts, content, edits, search, file_ids, when_busy };
  return { kind: "send", ...turn };
}).pipe(ChatTurn);
export type UseChatRequest = z.input<typeof UseChatRequest>;

function lastMessage({ message, messages }: { message?: unknown; messages?: unknown[] }) {
  const last = Math.max(0, (messages?.length ?? 0) - 1);
  const path = message === undefined ? ["messages", last] : ["message"];
  return { value: message ?? messages?.[last], path };
}

/** Returns what the parts of a reply say about its tool calls. The server takes it only for calls that wait. */
function readAnswers(parts: readonly unknown[]): z.input<typeof ToolAnswer>[] {
  return parts.flatMap((part) => {
    const call = AnsweredCall.safeParse(part);
    if (!call.success) return [];
    const { toolCallId: tool_call_id, state, output, errorText: error, approval } = call.data;
    const { approved: is_approved, reason } = approval ?? {};
    const decision = {
      ...(is_approved !== undefined && { is_approved }),
      ...(reason && { reason }),
    };
    if (state === "output-available") {
      return [{ tool_call_id, output: output ?? null, ...decision }];
    }
    if (state === "output-error") return [{ tool_call_id, error: error ?? "", ...decision }];
    return is_approved === undefined ? [] : [{ tool_call_id, ...decision }];
  });
}

function parseLastMessage(
  body: { message?: unknown; messages?: unknown[] },
  context: z.RefinementCtx,
): z.infer<typeof UserMessage> | null {
  const { value, path } = lastMessage(body);
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

/** The reply of `POST /functions/v1/chat/:session_id/stop`; 204 when nothing runs. */
export const StopReply = z.object({ status: z.literal("stopping") });
export type StopReply = z.infer<typeof StopReply>;

/** The reply of `POST /functions/v1/turn-recovery`: the number of silent turns, and of each result. */
export const RecoveryReply = z.object({
  checked: z.number().int(),
  complete: z.number().int(),
  waiting: z.number().int(),
  stopped: z.number().int(),
  failed: z.number().int(),
  still_running: z.number().int(),
  errors: z.number().int(),
});
export type RecoveryReply = z.infer<typeof RecoveryReply>;
