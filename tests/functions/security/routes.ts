import type { Route as DocumentedRoute } from "../../../types/route.ts";
import { routes as documented } from "../../../types/routes.ts";

/** A route of a function with an address that can be called, and a body that it accepts. */
export interface Route extends Pick<DocumentedRoute, "method" | "path" | "auth"> {
  body?: Record<string, unknown>;
}

const id = "00000000-0000-4000-8000-000000000000";

/** Every route of `types/routes.ts`. All tests of this folder apply to every route listed there. */
export const routes: Route[] = documented.map(({ method, path, auth, example }) => ({
  method,
  path: path.replaceAll(/:\w+/g, id),
  auth,
  body: example,
}));

/** Returns a route's name for the title of a test. */
export function nameOf({ method, path }: Route): string {
  return `${method} ${path.replaceAll(id, ":id")}`;
}
