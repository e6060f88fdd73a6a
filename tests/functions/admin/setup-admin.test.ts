import { expect, test } from "vitest";
import { runScript } from "../../helpers/run-script.ts";
import { asPostgres, createUser, stack, stateDir } from "../../helpers/stack.ts";
import { roleOf } from "./make-admin.ts";

const here = { PARLEY_STATE_DIR: stateDir, SUPABASE_DB_URL: "", DATABASE_URL: "" };

const setupAdmin = (args: string[], env = here) => runScript("setup-admin.ts", args, env);

test.for<[string, typeof here]>([
  ["on the running stack", here],
  ["on the database of SUPABASE_DB_URL", { ...here, SUPABASE_DB_URL: stack.DB_URL }],
  ["on the database of DATABASE_URL", { ...here, DATABASE_URL: stack.DB_URL }],
])("a user becomes an admin by their address, %s", async ([, env]) => {
  const user = await createUser();

  const { exitCode, stdout } = await setupAdmin([user.email.toUpperCase()], env);

  expect([exitCode, stdout]).toEqual([0, `${user.email.toUpperCase()} is an admin.`]);
  expect(await roleOf(user)).toBe("admin");
});

test("an unknown address is refused with a sentence", async () => {
  const email = `${crypto.randomUUID()}@example.com`;
  const { exitCode, stderr } = await setupAdmin([email]);

  expect([exitCode, stderr]).toEqual([1, `No user has signed up as ${email}.`]);
});

test("an unconfirmed address needs the flag", async () => {
  const user = await createUser();
  await asPostgres("update auth.users set email_confirmed_at = null where id = $1", [user.authId]);

  const { exitCode, stderr } = await setupAdmin([user.email]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("is not confirmed")]);
  expect(await roleOf(user)).toBe("user");

  expect((await setupAdmin([user.email, "--unconfirmed"])).exitCode).toBe(0);
  expect(await roleOf(user)).toBe("admin");
});

test("without an address the script prints its usage", async () => {
  const { exitCode, stderr } = await setupAdmin([]);

  expect([exitCode, stderr]).toEqual([
    1,
    "Usage: npm run db:setup-admin -- user@example.com [--unconfirmed]",
  ]);
});

test("without a stack the script says how to start one", async () => {
  const { exitCode, stderr } = await setupAdmin(["a@example.com"], {
    ...here,
    PARLEY_STATE_DIR: "/nonexistent",
  });

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/npm start/);
});
