import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { ChatTurn } from "../../../types/api.ts";
import type { Database, Json } from "../../../types/database.ts";
import { unwrap } from "../http/refusal.ts";
import { toStoredJson } from "../http/stored-json.ts";
import type { TurnUsage } from "./events/map-outcome.ts";
import type { NoticePart } from "./events/notice.ts";

/** A row of `chat_messages`. */
export type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];
/** A row of `chat_turns`. */
export type TurnRow = Database["public"]["Tables"]["chat_turns"]["Row"];

const History = z.array(z.object({ sender: z.enum(["user", "assistant"]), content: z.string() }));
/** What was said before a turn, oldest first. */
export type History = z.infer<typeof History>;

/** A file of the session by the names of both sides. */
const SessionFile = z.object({
  id: z.string(),
  openai_file_id: z.string(),
  file_name: z.string(),
  /** Media type. */
  file_type: z.string(),
});
/** A file of the session by the names of both sides. */
export type SessionFile = z.infer<typeof SessionFile>;

/** What `start_turn` returns for a turn that is to be generated: all that the request to OpenAI needs. */
export const StartedTurn = z.object({
  kind: z.literal("started"),
  turn_id: z.string(),
  profile_id: z.string(),
  session_id: z.string(),
  user_message_id: z.string(),
  assistant_message_id: z.string(),
  /** True when an earlier answer stays until this one begins. */
  replaces_reply: z.boolean(),
  /** Text of the user's message. */
  content: z.string(),
  /** Null when no conversation at OpenAI can be trusted: a new one is built from `history`. */
  thread_id: z.string().nullable(),
  history: History,
  needs_title: z.boolean(),
  model: z.string(),
  temperature: z.number().nullable(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullable(),
  /** Tools of the Responses API, as the catalogue has them. */
  tools: z.array(z.looseObject({ type: z.string() })),
  instructions: z.string(),
  /** Every ready file of the session. */
  files: z.array(SessionFile),
  /** OpenAI's ids of the images that come with the message. */
  image_file_ids: z.array(z.string()),
  /** OpenAI's id of the session's store, when it can be searched. */
  vector_store_ids: z.array(z.string()),
  /** True when there are files to search, and their store must be made again first. */
  needs_store: z.boolean(),
});
export type StartedTurn = z.infer<typeof StartedTurn>;

const BegunTurn = z.discriminatedUnion("kind", [
  StartedTurn,
  // Sent again while it runs, or after it has ended.
  z.object({ kind: z.literal("attached"), turn_id: z.string() }),
  z.object({ kind: z.literal("settled"), message: z.custom<MessageRow>() }),
]);
type BegunTurn = z.infer<typeof BegunTurn>;

const Heartbeat = z.object({ is_active: z.boolean(), stop_requested_at: z.string().nullable() });
type Heartbeat = z.infer<typeof Heartbeat>;

const StopTarget = z.object({
  turn_id: z.string(),
  profile_id: z.string(),
  response_id: z.string().nullable(),
});
/** The generation that is to be stopped. */
export type StopTarget = z.infer<typeof StopTarget>;

/** How a turn ended, and what it leaves; the arguments of `settle_turn` and `fail_turn`. */
export interface Settlement {
  status: "complete" | "stopped" | "failed";
  content: string;
  parts: unknown[];
  model?: string;
  usage?: TurnUsage;
  response_id?: string;
  /** Only when the conversation at OpenAI now holds this turn. */
  thread_id?: string;
  error?: { code: string; message: string };
}

/** The database as a turn sees it; each method is one call. */
export interface TurnDatabase {
  start(authUserId: string, turn: ChatTurn): Promise<BegunTurn>;
  heartbeat(turnId: string, ids?: { responseId?: string; threadId: string }): Promise<Heartbeat>;
  /** A part of ours begins the reply, whoever writes the rest of it. */
  note(turnId: string, part: NoticePart): Promise<void>;
  /** The ready files of a session. */
  listFiles(sessionId: string): Promise<SessionFile[]>;
  /** Lets a lost conversation go; what to build the new one from. */
  rebuildConversation(turnId: string): Promise<History>;
  /** The new answer has begun and takes the place of the old one. */
  replaceReply(turnId: string): Promise<void>;
  /** The reply as it is stored, whoever settled it; null when its session is gone. */
  settle(turnId: string, settlement: Settlement): Promise<MessageRow | null>;
  /** Null when nothing runs in the session. */
  requestStop(authUserId: string, sessionId: string): Promise<StopTarget | null>;
  claimStale(limit: number): Promise<TurnRow[]>;
  setTitle(turn: StartedTurn, title: string, model: string, usage: TurnUsage): Promise<void>;
  bookLost(profileId: string, model: string, usage: TurnUsage): Promise<void>;
  findTurn(turnId: string): Promise<TurnRow | null>;
  findMessage(messageId: string): Promise<MessageRow | null>;
}

/** The turn functions of the database, called with the secret key. */
export function createTurnDatabase(admin: SupabaseClient<Database>): TurnDatabase {
  return {
    start: async (authUserId, turn) =>
      BegunTurn.parse(unwrap(await admin.rpc("start_turn", toArguments(authUserId, turn)))),
    heartbeat: async (turnId, ids) =>
      Heartbeat.parse(unwrap(
        await admin.rpc("heartbeat_turn", {
          turn_id: turnId,
          response_id: ids?.responseId,
          thread_id: ids?.threadId,
        }),
      )),
    note: async (turn_id, part) => void unwrap(await admin.rpc("note_turn", { turn_id, part })),
    listFiles: async (sessionId) =>
      z.array(SessionFile).parse(unwrap(
        await admin.from("chat_files").select("id, openai_file_id, file_name, file_type")
          .eq("session_id", sessionId).eq("status", "ready"),
      )),
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
    claimStale: async (max_count) => unwrap(await admin.rpc("claim_stale_turns", { max_count })),
    setTitle: async ({ profile_id, session_id }, title, model, usage) =>
      void unwrap(
        await admin.rpc("set_generated_title", { profile_id, session_id, title, model, ...usage }),
      ),
    bookLost: async (profile_id, model, usage) =>
      void unwrap(await admin.rpc("book_lost_turn", { profile_id, model, ...usage })),
    findTurn: async (id) =>
      unwrap(await admin.from("chat_turns").select().eq("id", id).maybeSingle()),
    findMessage: async (id) =>
      unwrap(await admin.from("chat_messages").select().eq("id", id).maybeSingle()),
  };
}

function toArguments(auth_user_id: string, turn: ChatTurn) {
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
