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
  // The fastest time of each is the one least disturbed by other load. On a busy machine, more rounds are needed.
  const isEqual = () => Math.min(...unknown) > Math.min(...known) / 2;
  for (let round = 0; round < 9 || (round < 60 && !isEqual()); round++) {
    known.push(await refusalTime(email));
    unknown.push(await refusalTime(`nobody-${round}@example.com`));
  }
  expect(isEqual()).toBe(true);
});
