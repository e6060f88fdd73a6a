import { stack } from "../../helpers/stack.ts";
import type { Route } from "./routes.ts";

/** Headers; undefined ones are not sent. */
export type CallHeaders = Partial<Record<string, string>>;

/** Calls a route of a function with these headers and a body that the route accepts. */
export function call({ method, path, body }: Route, headers: CallHeaders = {}): Promise<Response> {
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value) sent.set(name, value);
  if (body && !sent.has("content-type")) sent.set("content-type", "application/json");
  return fetch(stack.FUNCTIONS_URL + path, {
    method,
    headers: sent,
    body: body && JSON.stringify(body),
  });
}
