import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { ChatMessage } from "../../types/api.ts";
import type { Database, Json } from "../../types/database.ts";
import { unwrap } from "../_shared/refusal.ts";

/** What `start_turn` returns: all that the request upstream needs. */
export const StartedTurn = z.object({
  stream_id: z.string(),
  profile_id: z.string(),
  session_id: z.string(),
  user_message_id: z.string(),
  assistant_message_id: z.string(),
  /** Null when no conversation at OpenAI can be trusted: a new one is built from `history`. */
  thread_id: z.string().nullable(),
  history: z.array(z.object({ sender: z.enum(["user", "assistant"]), content: z.string() })),
  model: z.string(),
  temperature: z.number().nullable(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullable(),
  /** Tools of the Responses API, as the catalogue has them. */
  tools: z.array(z.looseObject({ type: z.string() })),
  instructions: z.string().nullable(),
});
export type StartedTurn = z.infer<typeof StartedTurn>;

const Heartbeat = z.object({ is_active: z.boolean(), stop_requested_at: z.string().nullable() });

/** What a settled reply leaves in the database; the arguments of `finish_turn` and `fail_turn`. */
export interface SettledReply {
  content: string;
  parts: unknown[];
  model?: string;
  input_tokens?: number;
  cached_input_tokens?: number;
  output_tokens?: number;
  /** Seconds. */
  completion_time: number;
  response_id?: string;
  /** Only when the conversation at OpenAI now holds this turn. */
  thread_id?: string;
  error?: { code: string; message: string };
}

/** The database as a turn sees it: one call to begin, one to settle, a heartbeat between. */
export interface TurnDatabase {
  start(authUserId: string, message: ChatMessage): Promise<StartedTurn>;
  heartbeat(
    streamId: string,
    ids?: { responseId: string; threadId: string },
  ): Promise<z.infer<typeof Heartbeat>>;
  finish(streamId: string, status: "complete" | "stopped", reply: SettledReply): Promise<boolean>;
  fail(streamId: string, reply: SettledReply): Promise<boolean>;
}

/** The turn functions of the database, called with the secret key. */
export function createTurnDatabase(admin: SupabaseClient<Database>): TurnDatabase {
  return {
    async start(authUserId, { session_id, message_id, content, parts }) {
      return StartedTurn.parse(unwrap(
        await admin.rpc("start_turn", {
          auth_user_id: authUserId,
          session_id,
          client_id: message_id,
          content,
          parts,
        }),
      ));
    },
    async heartbeat(streamId, ids) {
      return Heartbeat.parse(unwrap(
        await admin.rpc("heartbeat_turn", {
          stream_id: streamId,
          response_id: ids?.responseId,
          thread_id: ids?.threadId,
        }),
      ));
    },
    async finish(streamId, status, reply) {
      return unwrap(
        await admin.rpc("finish_turn", { stream_id: streamId, status, reply: asJson(reply) }),
      );
    },
    async fail(streamId, reply) {
      return unwrap(await admin.rpc("fail_turn", { stream_id: streamId, reply: asJson(reply) }));
    },
  };
}

/** Parts are chunks of JSON put together, so what they hold is JSON. */
function asJson(reply: SettledReply): Json {
  return JSON.parse(JSON.stringify(reply));
}
