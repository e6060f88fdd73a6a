import { expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { stack } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const named = routes.map((route): [string, Route] => [nameOf(route), route]);

test.for(named)("the listed route %s exists", async ([, route]) => {
  const response = await call(route, { apikey: stack.PUBLISHABLE_KEY });

  // No user is signed in, so a route that exists refuses the caller. Otherwise the reply is 405 or `not_found`.
  expect(response.status).not.toBe(405);
  expect(await response.text()).not.toContain('"not_found"');
});

test("a route that is not in the list is answered 404 with a sentence", async () => {
  const route: Route = { method: "POST", path: "/chat/nowhere/else", auth: "user", body: {} };

  const response = await call(route, { apikey: stack.PUBLISHABLE_KEY });

  expect(response.status).toBe(404);
  expect(ErrorReply.parse(await response.json())).toMatchObject({
    code: "not_found",
    message: "This address does not exist. Check the path of the request.",
  });
});
