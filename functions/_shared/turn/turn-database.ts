import type { SupabaseClient } from "@supabase/supabase-js";
import * as z from "zod";
import type { ContinuedTurn, NewTurn } from "../../../types/api.ts";
import type { Database, Json } from "../../../types/database.ts";
import { unwrap } from "../http/refusal.ts";
import { toStoredJson } from "../http/stored-json.ts";
import type { TurnUsage } from "./events/map-outcome.ts";
import type { ToolCall } from "./events/map-tools.ts";
import type { NoticePart } from "./events/notice.ts";

/** A row of `chat_messages`. */
export type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];
/** A row of `chat_turns`. */
export type TurnRow = Database["public"]["Tables"]["chat_turns"]["Row"];

const PastMessage = z.object({
  sender: z.enum(["user", "assistant"]),
  content: z.string(),
  parts: z.array(z.looseObject({ type: z.string() })),
  /** Parley's ids of the files that came with the message. */
  file_ids: z.array(z.string()),
});
/** A message of a session, as the model is shown it. */
export type PastMessage = z.infer<typeof PastMessage>;

const History = z.array(PastMessage);
/** The messages before a turn, oldest first. */
export type History = z.infer<typeof History>;

const SessionFile = z.object({
  id: z.string(),
  /** The session of the file, or null for a file of its assistant. */
  session_id: z.string().nullable(),
  assistant_slug: z.string().nullable(),
  openai_file_id: z.string(),
  file_name: z.string(),
  /** The media type. */
  file_type: z.string(),
  /** The size in bytes. */
  file_size: z.number().int(),
});
/** A file of the session or its assistant, with its ids in Parley and at OpenAI. */
export type SessionFile = z.infer<typeof SessionFile>;

const TurnStore = z.object({
  session_id: z.string().nullable(),
  assistant_slug: z.string().nullable(),
  /** OpenAI's id of the store; null when it must be built first. */
  store_id: z.string().nullable(),
});
/** A store that a turn may search, and the collection whose files it has. */
export type TurnStore = z.infer<typeof TurnStore>;

const ToolCallRow = z.looseObject({
  id: z.string(),
  turn_id: z.string(),
  tool_slug: z.string(),
  /** The step after whose response it was stored, from 1. */
  step: z.number().int(),
  call_id: z.string(),
  kind: z.enum(["function", "http", "client", "mcp"]),
  output: z.unknown(),
  status: z.enum([
    "pending",
    "awaiting_client",
    "awaiting_approval",
    "running",
    "complete",
    "failed",
    "denied",
  ]),
  error: z.string().nullable(),
  /** The user's reason for a decision. */
  reason: z.string().nullable(),
  decided_at: z.string().nullable(),
  finished_at: z.string().nullable(),
});
/** A row of `tool_calls`. */
export type ToolCallRow = z.infer<typeof ToolCallRow>;

/** The calls of a turn, and what they mean for its next request. */
const Step = z.object({
  /** The number of responses that ended with calls and are stored. */
  steps: z.number().int(),
  /** The time when the turn, or its current step, began. */
  started_at: z.coerce.date(),
  /** True when a stop was requested. */
  is_stop_requested: z.boolean(),
  /** The calls so far, in their order. */
  calls: z.array(ToolCallRow),
  /** True when the model may call no more tools. */
  must_answer: z.boolean(),
});
export type Step = z.infer<typeof Step>;

/** The result of `start_turn` for a turn that needs a reply: everything that the request to OpenAI needs. */
export const StartedTurn = Step.extend({
  kind: z.literal("started"),
  turn_id: z.string(),
  profile_id: z.string(),
  session_id: z.string(),
  user_message_id: z.string(),
  assistant_message_id: z.string(),
  /** True when an earlier reply stays until this one begins. */
  replaces_reply: z.boolean(),
  /** The reply so far. */
  parts: z.array(z.looseObject({ type: z.string() })),
  /** True when web search was asked for and is off, because the assistant has tools that act. */
  is_search_off: z.boolean(),
  /** The text of the user's message. */
  content: z.string(),
  /** The user's message. */
  question: PastMessage,
  /** Null when there is no reusable conversation at OpenAI: a new one is built from `history`. */
  thread_id: z.string().nullable(),
  history: History,
  /** The model that names the session; null when the session has a better title than its question. */
  title_model: z.string().nullable(),
  model: z.string(),
  temperature: z.number().nullable(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullable(),
  /** The most tokens of the reply, reasoning included. */
  max_output_tokens: z.number().int(),
  /** The most calls of OpenAI's own tools. */
  max_tool_calls: z.number().int(),
  /** Tokens of input and output together; null when the model is not known. */
  context_window: z.number().int().nullable(),
  /** True when the model can shorten a long conversation by itself. */
  compacts: z.boolean(),
  /** True when the model reasons with the assistant's settings. */
  reasons: z.boolean(),
  /** Tools of the Responses API, as stored with the assistant. */
  tools: z.array(z.looseObject({ type: z.string() })),
  instructions: z.string(),
  /** True when the model sees images, and with them the pages of a PDF. */
  accepts_images: z.boolean(),
  /** Every ready file of the session and its assistant, oldest first. */
  files: z.array(SessionFile),
  /** The stores of the session and of its assistant, if they have files to search. */
  stores: z.array(TurnStore),
});
export type StartedTurn = z.infer<typeof StartedTurn>;

const BegunTurn = z.discriminatedUnion("kind", [
  StartedTurn,
  // For a message that is sent again while its turn runs, or after the turn has ended.
  z.object({ kind: z.literal("attached"), turn_id: z.string() }),
  z.object({
    kind: z.literal("settled"),
    message: z.custom<MessageRow>(),
    /** The number of parts that a client which has sent outputs had then. */
    first_part: z.number().int().default(0),
  }),
]);
type BegunTurn = z.infer<typeof BegunTurn>;

const News = z.object({ is_active: z.boolean(), is_stop_requested: z.boolean() });

/** The ids at OpenAI that another function needs to continue a turn. */
export interface SavedIds {
  responseId?: string;
  threadId?: string;
}

const StopTarget = z.object({
  turn_id: z.string(),
  profile_id: z.string(),
  response_id: z.string().nullable(),
});
/** The turn that is to be stopped. */
export type StopTarget = z.infer<typeof StopTarget>;

/** What the database knows about a turn that makes progress. */
export interface TurnNews {
  /** False after the turn was settled or its session was deleted, and perhaps while its row is locked. */
  isActive: boolean;
  isStopRequested: boolean;
}

/** How often a reply used each of OpenAI's own tools, such as `{ web_search: 2 }`. */
export type ToolCounts = Record<string, number>;

/** How a turn ended, and its reply: the arguments of `settle_turn` and `fail_turn`. */
export interface Settlement {
  status: "complete" | "waiting" | "stopped" | "failed";
  content: string;
  parts: unknown[];
  /** The number of stored steps before the last response. */
  step: number;
  model?: string;
  usage?: TurnUsage;
  /** The uses of OpenAI's own tools, by type. */
  tools: ToolCounts;
  response_id?: string;
  /** Set only if the conversation at OpenAI now holds this turn. */
  thread_id?: string;
  error?: { code: string; message: string };
}

/** An http tool that is to be called. */
const HttpCall = z.object({
  call: z.looseObject({ id: z.string(), arguments: z.unknown(), tool_slug: z.string() }),
  url: z.string(),
  timeout_ms: z.number(),
  /** Null if the tool has no secret; its requests are then not signed. */
  secret: z.string().nullable(),
  /** True if the tool needs a secret that Vault does not have. */
  lacks_secret: z.boolean(),
  user_id: z.string(),
  session_id: z.string(),
});
export type HttpCall = z.infer<typeof HttpCall>;

/** How the call of a tool ended: its output, or a sentence that tells the model why there is none. */
export type ToolEnd = { output: unknown } | { error: string };

/** The database calls of turns. Each method is one call. */
export interface TurnDatabase {
  start(authUserId: string, turn: NewTurn): Promise<BegunTurn>;
  /** Continues a turn that waits for outputs or decisions of its client. */
  continue(authUserId: string, turn: ContinuedTurn): Promise<BegunTurn>;
  /**
   * Stores a response that ended with calls, after `step` others. Returns null if the turn has ended or another caller
   * has stored the response.
   */
  storeStep(
    turnId: string,
    step: number,
    reply: Settlement,
    calls: readonly ToolCall[],
  ): Promise<Step | null>;
  /** Returns what the next request of a running turn needs; null if the turn has ended. */
  describeStep(turnId: string): Promise<StartedTurn | null>;
  listToolCalls(turnId: string): Promise<ToolCallRow[]>;
  /** Runs the call of a function tool, once at most, and returns the call; null if it was deleted. */
  runFunctionTool(callId: string): Promise<ToolCallRow | null>;
  /** Claims the call of an http tool. Returns null if nobody may call it now. */
  startHttpTool(callId: string): Promise<HttpCall | null>;
  /** Stores the end of an http tool's call and returns the call. Without a claim, only a call that nobody runs ends. */
  endHttpTool(callId: string, isClaimed: boolean, end: ToolEnd): Promise<ToolCallRow | null>;
  saveIds(turnId: string, ids: SavedIds): Promise<TurnNews>;
  /** Reports progress of turns. Returns the turns that are still active, and whether each is to be stopped. */
  reportProgress(turnIds: string[]): Promise<Map<string, boolean>>;
  /** Stores a notice as the first part of the reply. */
  note(turnId: string, part: NoticePart): Promise<void>;
  /** Returns the ready files of a session and its assistant, oldest first. */
  listFiles(sessionId: string): Promise<SessionFile[]>;
  /** Forgets a lost conversation. Returns the messages for a new one. */
  rebuildConversation(turnId: string): Promise<History>;
  /** Replaces the old reply by the new one, which has begun. */
  replaceReply(turnId: string): Promise<void>;
  /** Settles a turn. Returns the stored reply, also if it was settled before; null when its session was deleted. */
  settle(turnId: string, settlement: Settlement): Promise<MessageRow | null>;
  /** Marks the running turn of a session as to be stopped. Returns null when nothing runs. */
  requestStop(authUserId: string, sessionId: string): Promise<StopTarget | null>;
  /**
   * Returns the running turn of a session to a reader, or the turn of a reply, which may have ended. Throws
   * `too_many_readers`.
   */
  join(authUserId: string, sessionId: string, messageId?: string): Promise<TurnRow | null>;
  claimStale(limit: number): Promise<TurnRow[]>;
  setTitle(turn: StartedTurn, title: string, model: string, usage: TurnUsage): Promise<void>;
  /** Books the cost of a turn whose session was deleted while it ran, once. */
  bookLost(turnId: string, model: string, usage: TurnUsage, tools: ToolCounts): Promise<void>;
  findTurn(turnId: string): Promise<TurnRow | null>;
  /** Finds the running turn of a response at OpenAI. */
  findActive(responseId: string): Promise<TurnRow | null>;
  findMessage(messageId: string): Promise<MessageRow | null>;
}

/** Creates the database calls of turns from a client with the secret key. */
export function createTurnDatabase(admin: SupabaseClient<Database>): TurnDatabase {
  return {
    start: async (authUserId, turn) =>
      BegunTurn.parse(unwrap(await admin.rpc("start_turn", toArguments(authUserId, turn)))),
    continue: async (auth_user_id, { session_id, message_id, answers }) =>
      BegunTurn.parse(unwrap(
        await admin.rpc("continue_turn", {
          auth_user_id,
          session_id,
          message_id,
          answers: toStoredJson(answers),
        }),
      )),
    storeStep: async (turn_id, step, reply, calls) =>
      Step.nullable().parse(unwrap(
        await admin.rpc("store_step", {
          turn_id,
          step,
          reply: toReply(reply),
          calls: toStoredJson(calls),
        }),
      )),
    describeStep: async (turn_id) =>
      StartedTurn.nullable().parse(unwrap(await admin.rpc("describe_step", { turn_id }))),
    listToolCalls: async (turn_id) =>
      z.array(ToolCallRow).parse(unwrap(await admin.rpc("list_tool_calls", { turn_id }))),
    runFunctionTool: async (tool_call_id) =>
      ToolCallRow.nullable().parse(unwrap(await admin.rpc("run_function_tool", { tool_call_id }))),
    startHttpTool: async (tool_call_id) =>
      HttpCall.nullable().parse(unwrap(await admin.rpc("start_http_tool", { tool_call_id }))),
    endHttpTool: async (tool_call_id, is_claimed, end) => {
      const given = "error" in end ? end : { output: toStoredJson(end.output) };
      return ToolCallRow.nullable().parse(
        unwrap(await admin.rpc("end_http_tool", { tool_call_id, is_claimed, ...given })),
      );
    },
    saveIds: async (turn_id, { responseId, threadId }) => {
      const ids = { turn_id, response_id: responseId, thread_id: threadId };
      const news = News.parse(unwrap(await admin.rpc("save_turn_ids", ids)));
      return { isActive: news.is_active, isStopRequested: news.is_stop_requested };
    },
    reportProgress: async (turn_ids) => {
      const rows = unwrap(await admin.rpc("report_progress", { turn_ids }));
      return new Map(rows.map(({ turn_id, is_stop_requested }) => [turn_id, is_stop_requested]));
    },
    note: async (turn_id, part) => void unwrap(await admin.rpc("note_turn", { turn_id, part })),
    listFiles: async (sessionId) =>
      // Null after the session was deleted.
      z.array(SessionFile).nullable().parse(
        unwrap(await admin.rpc("list_turn_files", { session_id: sessionId })),
      ) ?? [],
    rebuildConversation: async (turn_id) =>
      History.parse(unwrap(await admin.rpc("rebuild_conversation", { turn_id }))),
    replaceReply: async (turn_id) => void unwrap(await admin.rpc("replace_reply", { turn_id })),
    settle: async (turn_id, settlement) => {
      const reply = toReply(settlement);
      const result = settlement.status === "failed"
        ? await admin.rpc("fail_turn", { turn_id, reply })
        : await admin.rpc("settle_turn", { turn_id, status: settlement.status, reply });
      return z.custom<MessageRow | null>().parse(unwrap(result));
    },
    requestStop: async (auth_user_id, session_id) =>
      StopTarget.nullable().parse(
        unwrap(await admin.rpc("request_stop", { auth_user_id, session_id })),
      ),
    join: async (auth_user_id, session_id, message_id) =>
      unwrap(await admin.rpc("join_turn", { auth_user_id, session_id, message_id }).maybeSingle()),
    claimStale: async (max_count) => unwrap(await admin.rpc("claim_stale_turns", { max_count })),
    setTitle: async ({ profile_id, session_id }, title, model, usage) =>
      void unwrap(
        await admin.rpc("set_generated_title", { profile_id, session_id, title, model, ...usage }),
      ),
    bookLost: async (turn_id, model, usage, tools) =>
      void unwrap(await admin.rpc("book_lost_turn", { turn_id, model, ...usage, tools })),
    findTurn: async (id) =>
      unwrap(await admin.from("chat_turns").select().eq("id", id).maybeSingle()),
    findActive: async (responseId) =>
      unwrap(
        await admin.from("chat_turns").select().eq("response_id", responseId).eq("status", "active")
          .maybeSingle(),
      ),
    findMessage: async (id) =>
      unwrap(await admin.from("chat_messages").select().eq("id", id).maybeSingle()),
  };
}

function toArguments(auth_user_id: string, turn: NewTurn) {
  const { session_id, search } = turn;
  if (turn.kind === "regenerate") {
    return {
      auth_user_id,
      session_id,
      search,
      regenerate: true,
      target_id: turn.target_id ?? undefined,
    };
  }
  const { message_id: client_id, content, parts, edits, file_ids } = turn;
  return {
    auth_user_id,
    session_id,
    search,
    client_id,
    content,
    parts,
    file_ids,
    target_id: edits ?? undefined,
  };
}

function toReply({ status: _status, usage, ...reply }: Settlement): Json {
  return toStoredJson({ ...reply, ...usage });
}
