import type { Context } from "hono";
import * as z from "zod";
import { type ChatTurn, parseChatRequest, type StopReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { runInBackground } from "../_shared/http/background.ts";
import { requireUserId } from "../_shared/http/caller.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { FileServices } from "../_shared/session-files/file-ports.ts";
import { createTurnPorts } from "../_shared/turn/create-turn-ports.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction, invalidRequest, readJson } from "../_shared/http/create-function.ts";
import { replayMessage } from "./replay-message.ts";
import { runTurn } from "../_shared/turn/run-turn.ts";
import { settleLeftTurn } from "../_shared/turn/settle-left-turn.ts";
import { takePlace } from "../_shared/turn/running-turns.ts";
import type { StartedTurn, TurnDatabase, TurnRow } from "../_shared/turn/turn-database.ts";
import type { TurnRunPorts } from "../_shared/turn/turn-ports.ts";
import { type ClientStream, openClientStream } from "./client-stream.ts";
import { resumeTurn } from "./resume-turn.ts";
import { stopTurn } from "./stop-turn.ts";

/** The most readers of one turn in one isolate. Each has a connection to OpenAI of its own. */
const READERS = 5;

/** The services of the chat function. Each request adds the database. */
export interface ChatPorts extends FileServices {
  /** Seconds after which a client's stream ends and asks the client to reload. */
  streamSeconds: number;
}

/**
 * Creates the chat function. `POST /chat` stores the user's message and streams the reply.
 * `GET /chat/:session_id/stream` joins a running reply, or with `message_id` sends that reply, which may have ended.
 * `POST /chat/:session_id/stop` stops the running reply.
 */
export function createChatFunction(ports: ChatPorts) {
  const app = createFunction({ name: "chat", log: ports.log });
  const asUser = allow("user");

  app.post("/", asUser, async (c) => {
    const turn = parseTurn(await readJson(c));
    const { userId, turnPorts } = requestPorts(c, ports);
    const { db } = turnPorts;
    const begun = await startTurn(turnPorts, userId, turn);
    switch (begun.kind) {
      case "settled":
        c.var.facts.profile_id = begun.message.user_id;
        return stream(
          c,
          ports,
          (send) => replayMessage(begun.message, begun.first_part).forEach(send),
        );
      case "attached": {
        const running = await db.join(userId, turn.session_id) ?? await db.findTurn(begun.turn_id);
        // A client that has sent outputs has the parts before them.
        return join(c, ports, running, turn.kind === "continue" ? running?.first_part : 0);
      }
      case "started":
        return await generate(c, ports, begun);
    }
  });

  app.get("/:session_id/stream", asUser, async (c) => {
    const { userId, turnPorts } = requestPorts(c, ports);
    return join(c, ports, await turnPorts.db.join(userId, readSessionId(c), readMessageId(c)));
  });

  app.post("/:session_id/stop", asUser, async (c) => {
    const { userId, turnPorts } = requestPorts(c, ports);
    const target = await stopTurn(turnPorts, userId, readSessionId(c));
    if (!target) return c.body(null, 204);
    noteTurn(c, target.turn_id, target.profile_id);
    runInBackground(settleLeftTurn(turnPorts, target.turn_id));
    return c.json<StopReply>({ status: "stopping" });
  });
  return app;
}

/** Starts a turn. With `interrupt`, stops the reply that is being written in the chat first. */
async function startTurn(
  ports: TurnRunPorts,
  userId: string,
  turn: ChatTurn,
): ReturnType<TurnDatabase["start"]> {
  if (turn.kind === "continue") return await ports.db.continue(userId, turn);
  try {
    return await ports.db.start(userId, turn);
  } catch (error) {
    const isBusy = error instanceof AppError && error.code === "turn_in_progress";
    if (!isBusy || turn.when_busy !== "interrupt") throw error;
    const target = await stopTurn(ports, userId, turn.session_id);
    if (target) await settleLeftTurn(ports, target.turn_id);
    return await ports.db.start(userId, turn);
  }
}

/** Waits until OpenAI accepts the request, so that a refusal can be sent as an HTTP error instead of a stream. */
async function generate(
  c: Context<FunctionEnv>,
  ports: ChatPorts,
  started: StartedTurn,
): Promise<Response> {
  noteTurn(c, started.turn_id, started.profile_id);
  const { send, close, body, headers } = openClientStream(ports.streamSeconds);
  const { promise, resolve: accept, reject: refuse } = Promise.withResolvers<void>();
  const { turnPorts } = requestPorts(c, ports);
  // Runs in the background so that a client disconnect does not cancel the reply.
  const client = { accept, refuse, send, close };
  const giveBack = takePlace(started.turn_id);
  runInBackground(
    runTurn(turnPorts, started, client).catch(refuse).finally(close)
      .finally(() => giveBack?.()),
  );
  await promise;
  return c.body(body, 200, headers);
}

/** Streams the reply of a turn. Without one it responds 204, as `useChat({ resume: true })` expects. */
function join(
  c: Context<FunctionEnv>,
  ports: ChatPorts,
  turn: TurnRow | null,
  known = 0,
): Response {
  if (!turn) return c.body(null, 204);
  noteTurn(c, turn.id, turn.user_id);
  // The place is taken at once, because readers may come at the same moment.
  const giveBack = takePlace(turn.id, READERS);
  if (!giveBack) throw new AppError("too_many_readers");
  const { turnPorts } = requestPorts(c, ports);
  return stream(
    c,
    ports,
    (send, left) => resumeTurn(turnPorts, turn, { send, left, known }).finally(giveBack),
  );
}

function stream(
  c: Context<FunctionEnv>,
  { streamSeconds }: ChatPorts,
  write: (send: ClientStream["send"], left: AbortSignal) => void | Promise<void>,
): Response {
  const leaving = new AbortController();
  const client = openClientStream(streamSeconds, () => leaving.abort());
  runInBackground(Promise.resolve(write(client.send, leaving.signal)).finally(client.close));
  return c.body(client.body, 200, client.headers);
}

function noteTurn(c: Context<FunctionEnv>, turnId: string, profileId: string): void {
  Object.assign(c.var.facts, { turn_id: turnId, profile_id: profileId });
}

function requestPorts(
  c: Context<FunctionEnv>,
  services: FileServices,
): { turnPorts: TurnRunPorts; userId: string } {
  const { supabaseAdmin } = c.var.supabaseContext;
  return { turnPorts: createTurnPorts(services, supabaseAdmin), userId: requireUserId(c) };
}

function readSessionId(c: Context<FunctionEnv>): string {
  const parsed = z.guid().safeParse(c.req.param("session_id"));
  if (parsed.success) return parsed.data;
  throw new AppError("not_found", { message: "This chat does not exist. Check its id." });
}

function readMessageId(c: Context<FunctionEnv>): string | undefined {
  const parsed = z.guid().optional().safeParse(c.req.query("message_id"));
  if (parsed.success) return parsed.data;
  throw new AppError("not_found", { message: "This reply does not exist. Check its id." });
}

function parseTurn(body: unknown): ChatTurn {
  const parsed = parseChatRequest(body);
  if (parsed.success) return parsed.data;
  if (parsed.error.issues.some(isUploadFirst)) throw new AppError("upload_first");
  throw invalidRequest(parsed.error);
}

function isUploadFirst(issue: z.core.$ZodIssue): boolean {
  return issue.code === "custom" && issue.params?.code === "upload_first";
}
