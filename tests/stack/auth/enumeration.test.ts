import { expect, test } from "vitest";
import { createTestClient, createUser } from "../../helpers/stack.ts";

const { email } = await createUser();
const client = createTestClient();

/** Milliseconds that a sign-in with a wrong password takes to be refused. */
async function refusalTime(address: string): Promise<number> {
  const begin = performance.now();
  const { error } = await client.auth.signInWithPassword({ email: address, password: "wrong one" });
  expect(error?.code).toBe("invalid_credentials");
  return performance.now() - begin;
}

test("an unknown address takes as long to refuse as a wrong password", async () => {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 9; round++) {
    known.push(await refusalTime(email));
    unknown.push(await refusalTime(`nobody-${round}@example.com`));
  }
  // The quickest of each is the least disturbed one.
  expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 2);
});
