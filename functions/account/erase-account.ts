import { describeError } from "../_shared/http/log.ts";
import type { ClosedAccount, DeletionPorts } from "./deletion-ports.ts";

/**
 * Erases an account that is closed: stops what costs money, deletes its rows batch by batch, and takes the login last.
 * The schedule finishes whatever is broken off.
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

/** At once where that is possible; the outbox has it in any case, and keeps at it. */
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
