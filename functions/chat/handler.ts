import { withSupabase } from "@supabase/server/adapters/hono";
import { type ChatMessage, parseChatRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { runInBackground } from "../_shared/background.ts";
import { AppError } from "../_shared/errors.ts";
import { createFunction, readJson } from "../_shared/http.ts";
import { runTurn, type TurnPorts } from "./run-turn.ts";
import { createTurnDatabase } from "./turn-database.ts";
import { createUiStream, UI_STREAM_HEADERS } from "./ui-stream.ts";

/** `POST /chat`: stores the user's message and streams the reply as an AI SDK UI message stream. */
export function createChatFunction(ports: Omit<TurnPorts, "db">) {
  const app = createFunction({ name: "chat", log: ports.log });
  app.post("/", withSupabase<Database>({ auth: "user" }), async (c) => {
    const { supabaseAdmin, userClaims } = c.var.supabaseContext;
    if (!userClaims) throw new AppError("unauthorized");
    const message = parseMessage(await readJson(c));
    const db = createTurnDatabase(supabaseAdmin);
    const startedAt = ports.clock();
    const started = await db.start(userClaims.id, message);

    const stream = createUiStream();
    // Not tied to the client: whoever goes away, the reply is written to its end.
    runInBackground(
      runTurn({ ...ports, db }, { started, message, startedAt }, stream.write).finally(
        stream.close,
      ),
    );
    return c.body(stream.body, 200, UI_STREAM_HEADERS);
  });
  return app;
}

function parseMessage(body: unknown): ChatMessage {
  const parsed = parseChatRequest(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: path.join("."),
    message,
  }));
  const first = issues[0];
  throw new AppError("invalid_request", {
    message: first ? `${first.path || "body"}: ${first.message}` : undefined,
    details: { issues },
  });
}
