import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect, test } from "vitest";
import { createAuthApp } from "../../../local/auth/create-auth-app.ts";
import { SIGN_UP_HOOK } from "../../../local/auth/users/sign-up-hook.ts";
import { silentLog } from "../../../local/stack/log.ts";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { freshEmail } from "../../helpers/mail.ts";
import { createTestClient, must, stack } from "../../helpers/stack.ts";

/** Returns an Auth client at an address, which the gateway passes on. */
function clientAt(address: string) {
  return createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers: { "x-forwarded-for": address } },
  }).auth;
}

const freshAddress = () => `198.18.${randomInt(256)}.${randomInt(1, 255)}`;
const freshNetwork = () => `2001:db8:${randomInt(65_536).toString(16)}:1:`;
const password = "correct horse battery";

test("of many sign-ups at once from one address, thirty succeed", { timeout: 60_000 }, async () => {
  const address = freshAddress();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => clientAt(address).signInAnonymously()),
  );
  expect(answers.filter(({ error }) => !error)).toHaveLength(30);
  expect(new Set(answers.map(({ error }) => error?.status))).toEqual(new Set([undefined, 429]));
  expect(answers.find(({ error }) => error)?.error?.message).toContain("Try again in an hour");

  const limited = clientAt(address);
  const email = freshEmail();
  expect((await limited.signUp({ email, password })).error?.status).toBe(429);
  expect((await limited.signInWithOtp({ email })).error?.status).toBe(429);
  // Nothing was created, and the address of the mail is free for another network.
  must(await clientAt(freshAddress()).signUp({ email, password }));
  must(await limited.signInWithPassword({ email, password }));
  must(await limited.signInWithOtp({ email }));
});

test("all addresses of one IPv6 network count together", { timeout: 60_000 }, async () => {
  const network = freshNetwork();
  const answers = await Promise.all(
    Array.from({ length: 31 }, (_, n) => clientAt(`${network}:${n + 1}`).signInAnonymously()),
  );
  expect(answers.filter(({ error }) => error)).toHaveLength(1);
  must(await clientAt(`${freshNetwork()}:1`).signInAnonymously());
});

test("this machine and private networks are not counted", { timeout: 60_000 }, async () => {
  const answers = await Promise.all(
    Array.from({ length: 31 }, (_, n) => clientAt(n % 2 ? "127.0.0.1" : "10.0.0.1")).map((auth) =>
      auth.signInAnonymously()
    ),
  );
  expect(answers.filter(({ error }) => error)).toEqual([]);
});

test("config.toml names the hook and keeps anonymous sign-ins off", async () => {
  const config = await readFile(path.join(REPOSITORY, "supabase/config.toml"), "utf8");
  const { schema, name } = SIGN_UP_HOOK;
  expect(config).toContain(
    `[auth.hook.before_user_created]\nenabled = true\nuri = "pg-functions://postgres/${schema}/${name}"`,
  );
  expect(config).toContain("enable_anonymous_sign_ins = false");
});

test("without the setting, nobody signs in anonymously", async () => {
  const database = new pg.Pool({ connectionString: "postgresql://nobody@127.0.0.1:1/none" });
  const auth = createAuthApp({
    database,
    signToken: () => Promise.reject(new Error("no token is signed")),
    sendMail: () => Promise.resolve(),
    secretKey: "secret",
    apiUrl: stack.API_URL,
    allowedOrigins: [],
    anonymousSignIns: false,
    log: silentLog,
  });
  const ask = (route: string, body?: string) =>
    auth(new Request(`${stack.API_URL}/auth/v1/${route}`, { method: body ? "POST" : "GET", body }));

  const refused = await ask("signup", "{}");
  expect([refused.status, await refused.json()]).toMatchObject([422, {
    error_code: "anonymous_provider_disabled",
  }]);
  expect(await (await ask("settings")).json()).toMatchObject({
    external: { anonymous_users: false },
  });
  must(await createTestClient().auth.signInAnonymously());
});
