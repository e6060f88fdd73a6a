import type { Context } from "hono";
import { etag } from "hono/etag";
import {
  CheckoutRequest,
  PortalRequest,
  type ProductsReply,
  type RedirectReply,
  type SubscriptionReply,
} from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { requireUserId } from "../_shared/http/caller.ts";
import { createBillingDatabase } from "../_shared/stripe/billing-database.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction, parseBody, readJson } from "../_shared/http/create-function.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { explainErrors } from "./explain-errors.ts";
import { listProducts } from "./list-products.ts";
import { openPortal } from "./open-portal.ts";
import { openOrganizationPortal, startSeatCheckout } from "./organization-billing.ts";
import { readSubscription } from "./read-subscription.ts";
import { startCheckout } from "./start-checkout.ts";

/** Seconds for which clients and proxies may cache the catalogue. */
const CATALOGUE_SECONDS = 300;

/**
 * Creates the billing function: `POST /billing/checkout`, `POST /billing/portal`, `GET /billing/subscription` and
 * `GET /billing/products`.
 */
export function createBillingFunction(ports: Omit<BillingPorts, "db">) {
  const app = createFunction({ name: "billing", log: ports.log });
  const asUser = allow("user");

  app.post("/checkout", asUser, async (c) => {
    const body = parseBody(CheckoutRequest, await readJson(c));
    const { billing, userId, catalogue } = requestPorts(c, ports);
    const start = body.for === "organization" ? startSeatCheckout : startCheckout;
    const url = await explainErrors(billing, start(billing, catalogue, userId, body));
    return c.json<RedirectReply>({ url });
  });

  app.post("/portal", asUser, async (c) => {
    const body = parseBody(PortalRequest, await readJson(c));
    const { billing, userId, catalogue } = requestPorts(c, ports);
    const opened = body.for === "organization"
      ? openOrganizationPortal(billing, userId, body)
      : openPortal(billing, catalogue, userId, body);
    return c.json<RedirectReply>({ url: await explainErrors(billing, opened) });
  });

  app.get("/subscription", asUser, async (c) => {
    const { billing, userId } = requestPorts(c, ports);
    const { supabase } = c.var.supabaseContext;
    c.header("cache-control", "private, no-store");
    return c.json<SubscriptionReply>(await readSubscription(billing, supabase, userId));
  });

  app.get(
    "/products",
    allow(["publishable", "user"]),
    etag(),
    async (c) => {
      c.header("cache-control", `public, max-age=${CATALOGUE_SECONDS}`);
      return c.json<ProductsReply>(await listProducts(c.var.supabaseContext.supabaseAdmin));
    },
  );
  return app;
}

function requestPorts(c: Context<FunctionEnv>, ports: Omit<BillingPorts, "db">) {
  const { supabaseAdmin } = c.var.supabaseContext;
  const db = createBillingDatabase(supabaseAdmin);
  const findAccount: typeof db.findAccount = async (...question) => {
    const account = await db.findAccount(...question);
    c.var.facts.profile_id = account.profile_id;
    return account;
  };
  const findOrganization: typeof db.findOrganization = async (...question) => {
    const account = await db.findOrganization(...question);
    c.var.facts.profile_id = account.profile_id;
    return account;
  };
  const billing: BillingPorts = { ...ports, db: { ...db, findAccount, findOrganization } };
  return { billing, userId: requireUserId(c), catalogue: supabaseAdmin };
}
