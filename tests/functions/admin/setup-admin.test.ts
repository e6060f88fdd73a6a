import path from "node:path";
import { execa } from "execa";
import { expect, inject, test } from "vitest";
import { REPOSITORY } from "../../../local/settings.ts";
import { createUser, stack } from "../../helpers/stack.ts";
import { roleOf } from "./make-admin.ts";

function setupAdmin(args: string[], env: Record<string, string>) {
  return execa("node", [path.join(REPOSITORY, "scripts/setup-admin.ts"), ...args], {
    preferLocal: true,
    localDir: REPOSITORY,
    env,
    reject: false,
  });
}

const local = { PARLEY_STATE_DIR: inject("stateDir"), SUPABASE_DB_URL: "", DATABASE_URL: "" };

test.for<[string, Record<string, string>]>([
  ["on the running stack", local],
  ["on the database of SUPABASE_DB_URL", { ...local, SUPABASE_DB_URL: stack.DB_URL }],
  ["on the database of DATABASE_URL", { ...local, DATABASE_URL: stack.DB_URL }],
])("a user is made an admin by address, %s", async ([, env]) => {
  const user = await createUser();

  const { exitCode, stdout } = await setupAdmin([user.email.toUpperCase()], env);

  expect([exitCode, stdout]).toEqual([0, `${user.email.toUpperCase()} is an admin.`]);
  expect(await roleOf(user)).toBe("admin");
});

test("an unknown address is refused, in words", async () => {
  const { exitCode, stderr } = await setupAdmin(["nobody@example.com"], local);

  expect([exitCode, stderr]).toEqual([1, "Nobody has signed up as nobody@example.com."]);
});

test("without an address, it says how it is called", async () => {
  const { exitCode, stderr } = await setupAdmin([], local);

  expect([exitCode, stderr]).toEqual([1, "Usage: npm run db:setup-admin -- user@example.com"]);
});

test("without a stack, it says where one comes from", async () => {
  const { exitCode, stderr } = await setupAdmin(["a@example.com"], {
    ...local,
    PARLEY_STATE_DIR: "/nonexistent",
  });

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/npm start/);
});
