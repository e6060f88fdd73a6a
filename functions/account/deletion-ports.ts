import { isAuthApiError, type SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import { z } from "zod";
import type { Database } from "../../types/database.ts";
import { deleteCustomer } from "../_shared/stripe/delete-customer.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { Log } from "../_shared/http/log.ts";
import { unwrap } from "../_shared/http/refusal.ts";

const ClosedAccount = z.object({ profile_id: z.string(), stripe_customers: z.array(z.string()) });
/** An account that nobody can use any more. */
export type ClosedAccount = z.infer<typeof ClosedAccount>;

/** What a deletion needs of the world. */
export interface DeletionPorts {
  /** Throws a refusal, and then nothing has changed. An account that is closed already is answered likewise. */
  closeAccount(): Promise<ClosedAccount>;
  /** Erases a batch; true while there is more. */
  eraseBatch(profileId: string): Promise<boolean>;
  /** Ends its subscriptions, too. One that is gone counts as deleted. */
  deleteCustomer(customerId: string): Promise<void>;
  /** One that is gone counts as deleted. */
  deleteLogin(authUserId: string): Promise<void>;
  log: Log;
}

/** The ports of one request: closes as the user, and goes on with the secret key. */
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
    async deleteLogin(authUserId) {
      const { error } = await supabaseAdmin.auth.admin.deleteUser(authUserId);
      if (error && !(isAuthApiError(error) && error.status === 404)) {
        throw new AppError("internal", { cause: error });
      }
    },
  };
}
