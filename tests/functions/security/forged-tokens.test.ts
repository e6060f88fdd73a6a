import { expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { createUser, stack } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { claimsOf, forgeTokens, signAsProject } from "./forge-tokens.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const user = await createUser();
const forged = await forgeTokens(user);
const userRoutes = routes.filter(({ auth }) => auth === "user")
  .map((route): [string, Route] => [nameOf(route), route]);
const apikey = stack.PUBLISHABLE_KEY;

test("a token signed in the same way, but with the project's key, is accepted", async () => {
  const authorization = `Bearer ${await signAsProject(claimsOf(user))}`;
  const response = await fetch(`${stack.API_URL}/auth/v1/user`, {
    headers: { apikey, authorization },
  });
  const subscription: Route = { method: "GET", path: "/billing/subscription", auth: "user" };

  expect(await response.json()).toMatchObject({ id: user.authId });
  expect((await call(subscription, { authorization })).status).toBe(200);
});

test.for(userRoutes)("%s refuses every forged token, and a missing one", async ([, route]) => {
  for (const [flaw, token] of forged) {
    const response = await call(route, { apikey, authorization: `Bearer ${token}` });

    expect(response.status, flaw).toBe(401);
    expect(ErrorReply.parse(await response.json()).code, flaw).toBe("unauthorized");
  }
  for (const headers of [{}, { apikey }, { authorization: `Bearer ${apikey}` }]) {
    expect((await call(route, headers)).status).toBe(401);
  }
});

test.for(userRoutes)("%s refuses a token that belongs to no user", async ([, route]) => {
  for (const claims of [{ sub: undefined }, { sub: undefined, role: "anon" }]) {
    const token = await signAsProject(claimsOf(user, claims));
    const response = await call(route, { apikey, authorization: `Bearer ${token}` });

    expect(response.status, JSON.stringify(claims)).toBe(401);
  }
});

test.for(
  [
    ["REST", "/rest/v1/profiles", 401],
    ["Auth", "/auth/v1/user", 403],
    ["Auth's admin", "/auth/v1/admin/users", 403],
    ["Storage", "/storage/v1/bucket", 400],
  ] as const,
)("%s refuses every forged token", async ([, path, status]) => {
  for (const [flaw, token] of forged) {
    const headers = { apikey, authorization: `Bearer ${token}` };
    const response = await fetch(stack.API_URL + path, { headers });

    expect(response.status, flaw).toBe(status);
    expect(await response.text(), flaw).not.toContain(user.authId);
  }
});

test("a role that users write into their own metadata has no effect", async () => {
  const metadata = { role: "service_role", app_metadata: { role: "service_role" }, is_admin: true };
  const boaster = await createUser(metadata);
  const { data } = await boaster.client.auth.updateUser({ data: metadata });

  expect(data.user?.role).toBe("authenticated");
  expect((await boaster.client.from("profiles").select("id")).data)
    .toEqual([{ id: boaster.profileId }]);
  for (const route of routes.filter(({ auth }) => auth === "secret")) {
    const headers = { apikey, authorization: `Bearer ${boaster.accessToken}` };
    expect((await call(route, headers)).status).toBe(401);
  }
});
