import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { createUser, stack } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const user = await createUser();
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140";
const named = (auth: Route["auth"]) =>
  routes.filter((route) => route.auth === auth).map((r): [string, Route] => [nameOf(r), r]);

test("every function has its routes in the table of this folder", async () => {
  const entries = await readdir("functions", { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"));

  expect(new Set(routes.map(({ path }) => path.split("/")[1])))
    .toEqual(new Set(names.map(({ name }) => name)));
});

test.for(named("secret"))("%s is refused without the secret key", async ([, route]) => {
  for (
    const headers of [
      {},
      { apikey: stack.PUBLISHABLE_KEY },
      { authorization: `Bearer ${user.accessToken}` },
      { apikey: stack.PUBLISHABLE_KEY, authorization: `Bearer ${user.accessToken}` },
      { apikey: `${stack.SECRET_KEY}x` },
      { apikey: stack.SECRET_KEY.slice(0, -1) },
      { apikey: "sb_secret_" },
      { apikey: user.accessToken },
    ]
  ) {
    expect((await call(route, headers)).status).toBe(401);
  }
  expect((await call(route, { apikey: stack.SECRET_KEY })).status).toBe(200);
});

test.for(named("user"))("%s refuses the secret key: it has no user", async ([, route]) => {
  const { SECRET_KEY: secret } = stack;

  for (const headers of [{ apikey: secret }, { authorization: `Bearer ${secret}` }]) {
    expect((await call(route, headers)).status).toBe(401);
  }
});

test.for(["/rest/v1/plans", "/auth/v1/admin/users", "/storage/v1/bucket", "/functions/v1/health"])(
  "the secret key is refused from a browser, in any header or in the query: %s",
  async (path) => {
    const { SECRET_KEY: secret } = stack;
    const ask = (headers: Record<string, string>, query = "") =>
      fetch(stack.API_URL + path + query, { headers });

    expect((await ask({ apikey: secret })).status).toBe(200);
    expect((await ask({ apikey: secret, "user-agent": BROWSER })).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${secret}`, "user-agent": BROWSER })).status)
      .toBe(401);
    expect((await ask({ "user-agent": BROWSER }, `?apikey=${secret}`)).status).toBe(401);
  },
);

test("a browser with the publishable key is served", async () => {
  const headers = { apikey: stack.PUBLISHABLE_KEY, "user-agent": BROWSER };

  expect((await fetch(`${stack.API_URL}/rest/v1/stripe_products?select=id`, { headers })).status)
    .toBe(200);
});
