import { fillTables } from "../../helpers/account.ts";
import { openChat } from "../../helpers/chat-client.ts";
import { createPayer, type Payer } from "../../helpers/billing.ts";
import { uploadReady } from "../../helpers/files.ts";
import { asPostgres, createSession, must } from "../../helpers/stack.ts";
import { delivered, stripe } from "../../helpers/stripe.ts";

/** A user with a row in every table that can hold one. */
export interface FullUser extends Payer {
  sessionId: string;
  /** The conversation's id at OpenAI. */
  threadId: string;
  /** The response's id at OpenAI. */
  responseId: string;
  /** The subscription's id at Stripe. */
  subscriptionId: string;
}

/** Signs up a user who owns an organization, chats, has files and pays, and whom admins have written notes about. */
export async function createFullUser(): Promise<FullUser> {
  const user = await createPayer();
  must(await user.client.rpc("create_organization", { name: "Team" }));
  const sessionId = await createSession(user);
  await fillTables(user, sessionId);
  await uploadReady(user, sessionId, "The grey horse is called Comet.", "stable.md");
  const talk = await converse(user, sessionId);
  const subscriptionId = await subscribe(user);
  return { ...user, sessionId, ...talk, subscriptionId };
}

/** Runs a turn; returns the ids that OpenAI keeps of it. */
async function converse(user: Payer, sessionId: string) {
  await openChat(user, sessionId).sendMessage({ text: "What is the horse called?" });
  const [row] = await asPostgres<{ thread_id: string; response_id: string }>(
    `select s.thread_id, t.response_id
     from public.chat_sessions s join public.chat_turns t on t.session_id = s.id
     where s.id = $1 and t.response_id is not null`,
    [sessionId],
  );
  if (!row) throw new Error("the turn has left nothing");
  return { threadId: row.thread_id, responseId: row.response_id };
}

/** Buys a paid plan; its first invoice grants credits, too. Returns the subscription's id. */
async function subscribe({ customerId, profileId }: Payer): Promise<string> {
  const product = await stripe.products.create({ name: "Pro", metadata: { plan: "pro" } });
  const price = await stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 2_000,
    recurring: { interval: "month" },
  });
  const { id, latest_invoice: invoice } = await stripe.subscriptions.create({
    customer: customerId,
    items: [{ price: price.id }],
  });
  await delivered(customerId);
  // The events of the product and of the invoice's payment touch the profile, too, and do not name the customer.
  await delivered(product.id);
  await delivered(typeof invoice === "string" ? invoice : invoice?.id ?? "");
  await asPostgres(
    `insert into private.credit_grants (invoice_line_id, payment_id, user_id, tokens, expires_at)
     select 'il_' || p.id, p.id, p.user_id, 5, now() + interval '1 day'
     from public.payments p where p.user_id = $1 limit 1`,
    [profileId],
  );
  return id;
}
