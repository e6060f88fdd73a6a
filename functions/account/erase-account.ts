import { describeError } from "../_shared/http/log.ts";
import type { ClosedAccount, DeletionPorts } from "./deletion-ports.ts";

/**
 * Erases a closed account: deletes its Stripe customers first to stop payments, then its rows in batches, and the login
 * last. A schedule completes an interrupted deletion.
 */
export async function eraseAccount(
  ports: Omit<DeletionPorts, "closeAccount">,
  authUserId: string,
  { profile_id, stripe_customers }: ClosedAccount,
): Promise<void> {
  for (const customerId of stripe_customers) await tryDeleteCustomer(ports, customerId);
  while (await ports.eraseBatch(profile_id));
  await ports.deleteLogin(authUserId);
}

/** Tries to delete a customer at once. The outbox names the customer too, so the clean-up repeats a failed attempt. */
async function tryDeleteCustomer(
  ports: Pick<DeletionPorts, "deleteCustomer" | "log">,
  customerId: string,
): Promise<void> {
  try {
    await ports.deleteCustomer(customerId);
  } catch (error) {
    ports.log.error("customer_not_deleted", describeError(error));
  }
}
