import { readFile } from "node:fs/promises";
import path from "node:path";
import { createClient } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import * as z from "zod";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { createUser, stack } from "../helpers/stack.ts";

const ROW = /^\| `([A-Z]+) (\S+)`(?: `(.+?)`)? \| (\d+) \| `(\w+)` \| (.+) \|$/gm;

/** A request that the page describes, with the response that it promises. */
interface Promised {
  method: string;
  route: string;
  body: string | undefined;
  status: number;
  code: string;
  message: string;
}

const page = await readFile(path.join(REPOSITORY, "docs/local-stack.md"), "utf8");
const promises = [...page.matchAll(ROW)].map(
  ([, method = "", route = "", body, status, code = "", message = ""]): Promised => ({
    method,
    route,
    body,
    status: Number(status),
    code,
    message,
  }),
);

const Refusal = z.object({
  code: z.union([z.string(), z.number()]),
  error_code: z.string().optional(),
  message: z.string().optional(),
  msg: z.string().optional(),
  hint: z.string().optional(),
});

const user = await createUser();
const secret = createClient(stack.API_URL, stack.SECRET_KEY, { auth: { persistSession: false } });

test("the page has its table of requests", () => {
  expect(promises.length).toBeGreaterThan(30);
});

test.for(promises)(
  "$method $route answers $status $code",
  async ({ method, route, body, status, code, message }) => {
    const isAdmin = route.includes("/admin/");
    const response = await fetch(stack.API_URL + route, {
      method,
      headers: {
        apikey: isAdmin ? stack.SECRET_KEY : stack.PUBLISHABLE_KEY,
        "content-type": "application/json",
        ...(!isAdmin && { authorization: `Bearer ${user.accessToken}` }),
      },
      body: method === "POST" ? body ?? "{}" : undefined,
    });
    const refusal = Refusal.parse(await response.json());

    expect(response.status).toBe(status);
    expect(refusal.error_code ?? refusal.code).toBe(code);
    expect(refusal.msg ?? refusal.message).toBe(message);
    if (status === 501) expect(refusal.hint).toContain("docs/local-stack.md");
  },
);

test("supabase-js returns the documented sentence", async () => {
  const sentence = { message: expect.stringMatching(/not available in the local stack\.$/) };
  const mfa = await user.client.auth.mfa.enroll({ factorType: "totp" });
  expect(mfa.error).toMatchObject({ ...sentence, status: 501 });
  const sso = await user.client.auth.signInWithSSO({ domain: "example.com" });
  expect(sso.error).toMatchObject(sentence);
  const bucket = secret.storage.from("chat-files");
  expect((await bucket.createSignedUrl("x.png", 60, { transform: { width: 10 } })).error)
    .toMatchObject(sentence);
  expect((await bucket.listV2()).error).toMatchObject(sentence);
  expect((await bucket.download("x.png", { transform: { width: 10 } })).error).toMatchObject({
    status: 501,
  });
});

test("changes of tables and presence cannot be followed", async () => {
  const channels = [
    user.client.channel("changes", { config: { private: true } })
      .on("postgres_changes", { event: "*", schema: "public", table: "plans" }, () => {}),
    user.client.channel("presence", { config: { private: true } })
      .on("presence", { event: "sync" }, () => {}),
  ];
  for (const channel of channels) {
    const message = await new Promise((resolve) => {
      channel.subscribe((_state, error) => resolve(error?.message));
    });
    expect(message).toContain("Only private channels with broadcasts are available");
  }
  await user.client.removeAllChannels();
});

test("plans and GeoJSON are refused, as PostgREST does if they are off", async () => {
  const plan = await secret.from("plans").select().explain();
  expect([plan.status, plan.error?.code]).toEqual([406, "PGRST107"]);
  const geometry = await secret.from("plans").select().geojson();
  expect([geometry.status, geometry.error?.code]).toEqual([406, "PGRST107"]);
});
