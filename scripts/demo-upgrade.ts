// `npm run demo -- --upgrade`: uses up the quota and buys a plan, on the local stack with its Stripe emulator.
import { setTimeout as delay } from "node:timers/promises";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { loadEnvFile, readSettings } from "../local/stack/settings.ts";
import { readStatus, type StackStatus } from "../local/stack/status.ts";
import { ProductsReply, RedirectReply } from "../types/api.ts";
import type { Database } from "../types/database.ts";

/** The parts of `demo.ts` that this demo needs. */
export interface UpgradeDemo {
  supabase: SupabaseClient<Database>;
  /** Sends a message and prints the reply. Rejects when it is refused. */
  say(text: string): Promise<void>;
  step(title: string): void;
}

const WAIT_MS = 15_000;

/** Uses up the quota, shows the refusal of a message, buys the plan, and sends another message. */
export async function demoUpgrade({ supabase, say, step }: UpgradeDemo): Promise<void> {
  const stack = await findEmulator();
  step("The month's free messages are used up");
  await useQuotaUp(stack, supabase);
  await say("Is anybody there?").then(
    () => Promise.reject(new Error("Parley accepted a message without quota.")),
    (refusal: Error) => console.log(refusal.message),
  );

  step("Plans");
  const { products } = await fetchProducts(stack);
  for (const { name, prices } of products) {
    for (const { unit_amount, currency, recurring_interval } of prices) {
      const amount = `${((unit_amount ?? 0) / 100).toFixed(2)} ${currency}`;
      console.log(`${name}: ${amount}${recurring_interval ? ` a ${recurring_interval}` : ""}`);
    }
  }
  const pro = products.find(({ plan }) => plan === "pro")?.prices[0];
  if (!pro) throw new Error("There is no plan to buy.");

  const { url } = await openCheckout(stack, supabase, pro.id);
  step(`Checkout: ${url}`);
  await completeCheckout(stack, url);
  console.log("Paid in the emulator, which now sends its webhook.");
  await waitForPlan(supabase, "pro");
  step("The plan is pro");
  await say("And now?");
}

async function findEmulator(): Promise<StackStatus> {
  loadEnvFile();
  const status = await readStatus(readSettings().stateDir);
  if (status?.STRIPE_API_URL) return status;
  throw new Error(
    "This demo needs the local stack with its Stripe emulator. Start it with `npm start`.",
  );
}

/** Sets the usage to the quota, because sending two hundred messages would take long. */
async function useQuotaUp(stack: StackStatus, supabase: SupabaseClient<Database>): Promise<void> {
  const { data: profile } = await supabase.from("profiles").select("id, subscription_quota")
    .single().throwOnError();
  const admin = createClient<Database>(stack.API_URL, stack.SECRET_KEY);
  await admin.from("profiles").update({ subscription_usage: profile.subscription_quota ?? 0 })
    .eq("id", profile.id).throwOnError();
}

async function fetchProducts(stack: StackStatus): Promise<ProductsReply> {
  const headers = { apikey: stack.PUBLISHABLE_KEY };
  const response = await fetch(`${stack.FUNCTIONS_URL}/billing/products`, { headers });
  return ProductsReply.parse(await response.json());
}

async function openCheckout(
  stack: StackStatus,
  supabase: SupabaseClient<Database>,
  price_id: string,
): Promise<RedirectReply> {
  const { data } = await supabase.auth.getSession();
  const response = await fetch(`${stack.FUNCTIONS_URL}/billing/checkout`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${data.session?.access_token}`,
    },
    body: JSON.stringify({
      price_id,
      success_url: "http://localhost:3000/welcome",
      cancel_url: "http://localhost:3000/plans",
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  return RedirectReply.parse(await response.json());
}

/** Pays, as a user would on Stripe's page. */
async function completeCheckout(stack: StackStatus, checkoutUrl: string): Promise<void> {
  const id = new URL(checkoutUrl).pathname.split("/").at(-1);
  const url = new URL(`/_emulator/checkout_sessions/${id}/complete`, stack.STRIPE_API_URL);
  const response = await fetch(url, { method: "POST", body: "{}" });
  if (!response.ok) throw new Error(await response.text());
}

async function waitForPlan(supabase: SupabaseClient<Database>, plan: string): Promise<void> {
  const until = Date.now() + WAIT_MS;
  while (Date.now() < until) {
    const { data } = await supabase.from("profiles").select("subscription_plan").single()
      .throwOnError();
    if (data.subscription_plan === plan) return;
    await delay(200);
  }
  throw new Error("The webhook did not arrive.");
}
