import type OpenAI from "openai";
import type { WebhookReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { runInBackground } from "../_shared/http/background.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { FileServices } from "../_shared/session-files/file-ports.ts";
import { settleLeftTurn } from "../_shared/turn/settle-left-turn.ts";
import { createTurnPorts } from "../_shared/turn/create-turn-ports.ts";

/** The services of the webhook function. Each request adds the database. */
export interface TurnWebhookPorts extends FileServices {
  /** Without a secret, every event is refused. */
  webhookSecret: string | undefined;
}

type WebhookEvent = Awaited<ReturnType<OpenAI["webhooks"]["unwrap"]>>;

/**
 * Creates the function `POST /openai-webhook`, which receives OpenAI's events about the end of responses. It settles a
 * turn whose function has died or waits on a silent connection.
 * @see https://developers.openai.com/api/docs/guides/webhooks
 */
export function createTurnWebhookFunction(ports: TurnWebhookPorts) {
  const app = createFunction({ name: "openai-webhook", log: ports.log });

  app.post("/", allow("none"), async (c) => {
    const event = await verify(ports, await c.req.text(), c.req.raw.headers);
    const responseId = readResponseId(event);
    if (responseId === null) return c.json<WebhookReply>({ status: "ignored" });
    const turnPorts = createTurnPorts(ports, c.var.supabaseContext.supabaseAdmin);
    const turn = await turnPorts.db.findActive(responseId);
    if (!turn) return c.json<WebhookReply>({ status: "ignored" });
    c.var.facts.turn_id = turn.id;
    // OpenAI repeats an event that is not answered within seconds.
    runInBackground(settleLeftTurn(turnPorts, turn.id));
    return c.json<WebhookReply>({ status: "processed" });
  });
  return app;
}

async function verify(
  { openai, webhookSecret }: TurnWebhookPorts,
  body: string,
  headers: Headers,
): Promise<WebhookEvent> {
  if (webhookSecret === undefined) throw new AppError("invalid_signature");
  try {
    return await openai.webhooks.unwrap(body, headers, webhookSecret);
  } catch (cause) {
    throw new AppError("invalid_signature", { cause });
  }
}

function readResponseId(event: WebhookEvent): string | null {
  switch (event.type) {
    case "response.completed":
    case "response.failed":
    case "response.incomplete":
    case "response.cancelled":
      return event.data.id;
    default:
      return null;
  }
}
