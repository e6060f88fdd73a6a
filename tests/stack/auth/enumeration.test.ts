import { expect, test } from "vitest";
import { createTestClient, createUser } from "../../helpers/stack.ts";

const { email } = await createUser();
const client = createTestClient();

/** Returns the milliseconds until a sign-in with a wrong password is refused. */
async function refusalTime(address: string): Promise<number> {
  const begin = performance.now();
  const { error } = await client.auth.signInWithPassword({ email: address, password: "wrong one" });
  expect(error?.code).toBe("invalid_credentials");
  return performance.now() - begin;
}

test("refusing an unknown address takes as long as refusing a wrong password", async () => {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 9; round++) {
    known.push(await refusalTime(email));
    unknown.push(await refusalTime(`nobody-${round}@example.com`));
  }
  // The fastest time of each is the one least disturbed by other load.
  expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 2);
});
