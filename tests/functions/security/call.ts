import { stack } from "../../helpers/stack.ts";
import type { Route } from "./routes.ts";

/** Calls a route of a function with these headers, and the body that it takes. */
export function call({ method, path, body }: Route, headers: HeadersInit = {}): Promise<Response> {
  const sent = new Headers(headers);
  if (body && !sent.has("content-type")) sent.set("content-type", "application/json");
  return fetch(stack.FUNCTIONS_URL + path, {
    method,
    headers: sent,
    body: body && JSON.stringify(body),
  });
}
