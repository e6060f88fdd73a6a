import type { SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import type { Database } from "../../types/database.ts";
import { createBillingDatabase } from "../../functions/_shared/stripe/billing-database.ts";
import { findLeftovers, findWritten } from "./find-leftovers.ts";
import { beginSync, fetchAll, type SyncPorts } from "./sync-all.ts";

/** The age up to which invoices and checkouts are fetched again. */
const RECENT_MS = 90 * 24 * 60 * 60 * 1000;

/** Creates the operations of a sync that writes. */
export function createSyncPorts(stripe: Stripe, admin: SupabaseClient<Database>): SyncPorts {
  const { drawTicket, findKnownProducts } = createBillingDatabase(admin);
  return {
    stripe,
    drawTicket,
    findKnownProducts,
    findWritten: (firstTicket, ids) => findWritten(admin, firstTicket, ids),
    findLeftovers: (firstTicket, after) => findLeftovers(admin, firstTicket, after),
  };
}

/** Returns the start of the period for invoices and checkouts, in Unix seconds. */
export function recentSince(): number {
  return Math.floor((Date.now() - RECENT_MS) / 1000);
}

/** Copies Stripe's state to the database, in case webhooks were lost. For `since`, see `recentSince`. */
export async function syncAll(
  stripe: Stripe,
  admin: SupabaseClient<Database>,
  since: number = recentSince(),
): Promise<void> {
  const ports = createSyncPorts(stripe, admin);
  const db = createBillingDatabase(admin);
  for await (const { ticket, objects } of fetchAll(ports, await beginSync(ports, since))) {
    await db.apply(null, ticket, objects);
  }
}
