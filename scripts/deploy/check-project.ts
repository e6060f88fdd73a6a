import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { DefaultChatTransport } from "ai";
import pRetry from "p-retry";
import { HealthReply, type ParleyMessage } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";

/** The address of a project and its keys. */
export interface ProjectAccess {
  functionsUrl: string;
  publishableKey: string;
  secretKey: string;
}

/** The user of the conversation. A later run removes a user that an interrupted run has left behind. */
const EMAIL = "parley-deploy-check@example.com";
const PATIENCE_MS = 90_000;

/** Functions that do not start without the settings of Stripe. */
const OF_STRIPE = ["billing", "stripe-webhook"];

/** Resolves with what `GET /health` reports. Retries, because new functions take a moment to arrive everywhere. */
export async function checkHealth(functionsUrl: string, retries = 8): Promise<HealthReply> {
  return await pRetry(async () => {
    const { status, body } = await request(`${functionsUrl}/health`);
    if (status !== 200) {
      throw new Error(`GET ${functionsUrl}/health answered ${status}: ${body.slice(0, 300)}`);
    }
    return HealthReply.parse(JSON.parse(body));
  }, { retries, minTimeout: 500, maxTimeout: 10_000 });
}

/** Resolves when each function answers. A function that cannot start answers 500 or 503. */
export async function checkFunctions(
  functionsUrl: string,
  names: string[],
  { withStripe, retries = 4 }: { withStripe: boolean; retries?: number },
): Promise<void> {
  const expected = withStripe ? names : names.filter((name) => !OF_STRIPE.includes(name));
  await Promise.all(expected.map((name) =>
    pRetry(async () => {
      const { status, body } = await request(`${functionsUrl}/${name}`);
      if (status < 500) return;
      throw new Error(
        `The function ${name} does not start: it answered ${status} ${body.slice(0, 300)}. ` +
          `See Dashboard → Edge Functions → ${name} → Logs.`,
      );
    }, { retries, minTimeout: 500, maxTimeout: 10_000 })
  ));
}

async function request(url: string): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url} cannot be reached: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/**
 * Has a new user send a message, and resolves with the text of the reply. Deletes the user and all its data, whatever
 * the reply. No mail is sent, and neither confirmation of addresses nor a CAPTCHA matters.
 */
export async function holdConversation(access: ProjectAccess): Promise<string> {
  const { client, accessToken } = await signIn(access);
  const headers = { authorization: `Bearer ${accessToken}` };
  const { functionsUrl } = access;
  try {
    const reply = await Promise.race([converse(client, functionsUrl, headers), giveUp()]);
    const { status } = await deleteAccount(functionsUrl, headers);
    if (status === 204) return reply;
    throw new Error(`DELETE ${functionsUrl}/account answered ${status}.`);
  } catch (error) {
    // The failure of the conversation matters more than one here. The next run removes a user that stays.
    await deleteAccount(functionsUrl, headers).catch(() => {});
    throw error;
  }
}

async function deleteAccount(
  functionsUrl: string,
  headers: Record<string, string>,
): Promise<Response> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return await fetch(`${functionsUrl}/account`, { method: "DELETE", headers, signal });
}

async function converse(
  client: SupabaseClient<Database>,
  functionsUrl: string,
  headers: Record<string, string>,
): Promise<string> {
  const { slug } = must(
    await client.from("assistants").select("slug").is("required_plan", null)
      .order("sort_order").limit(1).single(),
  );
  const { id } = must(
    await client.from("chat_sessions").insert({ assistant_slug: slug }).select("id").single(),
  );
  const api = `${functionsUrl}/chat`;
  return await readReply(new DefaultChatTransport<ParleyMessage>({ api, headers }), id);
}

async function signIn({ functionsUrl, publishableKey, secretKey }: ProjectAccess) {
  const projectUrl = functionsUrl.replace(/\/functions\/v1$/, "");
  const auth = { persistSession: false, autoRefreshToken: false };
  const admin = createClient(projectUrl, secretKey, { auth });
  const created = await admin.auth.admin.createUser({
    email: EMAIL,
    email_confirm: true,
    // Its deletion leaves no used messages behind, so a project can be deployed any number of times.
    app_metadata: { is_test: true },
  });
  if (created.error && created.error.code !== "email_exists") throw created.error;
  const link = must(await admin.auth.admin.generateLink({ type: "magiclink", email: EMAIL }));
  const client: SupabaseClient<Database> = createClient<Database>(projectUrl, publishableKey, {
    auth,
  });
  const { session } = must(
    await client.auth.verifyOtp({ type: "magiclink", token_hash: link.properties.hashed_token }),
  );
  if (!session) throw new Error("Auth gave no session for the link of its own user.");
  return { client, accessToken: session.access_token };
}

async function readReply(
  transport: DefaultChatTransport<ParleyMessage>,
  chatId: string,
): Promise<string> {
  const chunks = await transport.sendMessages({
    chatId,
    trigger: "submit-message",
    messageId: undefined,
    messages: [{ id: randomUUID(), role: "user", parts: [{ type: "text", text: "Say hello." }] }],
    abortSignal: undefined,
  });
  let text = "";
  for await (const chunk of chunks) {
    if (chunk.type === "text-delta") text += chunk.delta;
    if (chunk.type === "error") throw new Error(`The reply failed: ${chunk.errorText}`);
  }
  if (text === "") throw new Error("The reply has no text.");
  return text;
}

async function giveUp(): Promise<never> {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`No reply within ${PATIENCE_MS / 1000} seconds.`);
}

type Result = { data: unknown; error: { message: string } | null };

function must<R extends Result>(result: R): Extract<R, { error: null }>["data"] {
  if (result.error) throw new Error(result.error.message);
  return result.data;
}
