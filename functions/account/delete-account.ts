import { describeError } from "../_shared/log.ts";
import type { DeletionPorts } from "./deletion-ports.ts";

/**
 * Deletes the caller's account: closes it, stops what costs money, erases it batch by batch, and takes the login last.
 * From its first step on the account is dead, and the schedule finishes whatever is broken off.
 */
export async function deleteAccount(ports: DeletionPorts, authUserId: string): Promise<void> {
  const { profile_id, stripe_customers } = await ports.closeAccount();
  for (const customerId of stripe_customers) await tryDeleteCustomer(ports, customerId);
  while (await ports.eraseBatch(profile_id));
  await ports.deleteLogin(authUserId);
}

/** At once where that is possible; the outbox has it in any case, and keeps at it. */
async function tryDeleteCustomer(ports: DeletionPorts, customerId: string): Promise<void> {
  try {
    await ports.deleteCustomer(customerId);
  } catch (error) {
    ports.log.error("customer_not_deleted", describeError(error));
  }
}
