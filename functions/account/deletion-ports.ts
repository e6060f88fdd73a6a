import { isAuthApiError, type SupabaseClient } from "@supabase/supabase-js";
import pRetry from "p-retry";
import type Stripe from "stripe";
import * as z from "zod";
import type { Database } from "../../types/database.ts";
import { deleteCustomer } from "../_shared/stripe/delete-customer.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { Log } from "../_shared/http/log.ts";
import { unwrap } from "../_shared/http/refusal.ts";

const ClosedAccount = z.object({ profile_id: z.string(), stripe_customers: z.array(z.string()) });
/** An account that was closed: its user can no longer use it. */
export type ClosedAccount = z.infer<typeof ClosedAccount>;

/** The calls that a deletion makes. */
export interface DeletionPorts {
  /** Closes the account; a closed account gives the same result again. Throws a refusal without changing anything. */
  closeAccount(): Promise<ClosedAccount>;
  /** Erases a batch of rows. Returns true while rows remain. */
  eraseBatch(profileId: string): Promise<boolean>;
  /** Deletes a customer, which ends its subscriptions too. A missing customer counts as deleted. */
  deleteCustomer(customerId: string): Promise<void>;
  /** Deletes a login. A missing login counts as deleted. */
  deleteLogin(authUserId: string): Promise<void>;
  log: Log;
}

/** Creates the calls of one request: closes the account as the user, and deletes the rest with the secret key. */
export function createDeletionPorts(
  { stripe, log }: { stripe: Stripe | null; log: Log },
  { supabase, supabaseAdmin }: {
    supabase: SupabaseClient<Database>;
    supabaseAdmin: SupabaseClient<Database>;
  },
): DeletionPorts {
  return {
    log,
    closeAccount: async () =>
      ClosedAccount.parse(unwrap(await supabase.rpc("request_account_deletion"))),
    eraseBatch: async (profile_id) =>
      unwrap(await supabaseAdmin.rpc("continue_account_deletion", { profile_id })),
    deleteCustomer: (customerId) => deleteCustomer(stripe, customerId),
    // Whatever else writes to the account now may win a deadlock with this deletion.
    deleteLogin: (authUserId) =>
      pRetry(() => deleteLogin(supabaseAdmin, authUserId), { retries: 2, minTimeout: 200 }),
  };
}

async function deleteLogin(admin: SupabaseClient<Database>, authUserId: string): Promise<void> {
  const { error } = await admin.auth.admin.deleteUser(authUserId);
  if (error && !(isAuthApiError(error) && error.status === 404)) {
    throw new AppError("internal", { cause: error });
  }
}
