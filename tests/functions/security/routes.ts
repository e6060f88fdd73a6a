/** How a route knows who calls. */
export type RouteAuth = "none" | "publishable" | "user" | "secret" | "signature";

/** A route of a function, and a body that its form takes. */
export interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  auth: RouteAuth;
  body?: Record<string, unknown>;
}

const id = "00000000-0000-4000-8000-000000000000";
const page = "http://localhost:3000/";

/** Every route of every function; a new one belongs here, and is then held to all tests of this folder. */
export const routes: Route[] = [
  { method: "GET", path: "/health", auth: "none" },
  { method: "POST", path: "/chat", auth: "user", body: { session_id: id, content: "Hello" } },
  { method: "GET", path: `/chat/${id}/stream`, auth: "user" },
  { method: "POST", path: `/chat/${id}/stop`, auth: "user" },
  { method: "POST", path: "/files", auth: "user", body: { session_id: id, storage_path: "x/y" } },
  { method: "DELETE", path: `/files/${id}`, auth: "user" },
  { method: "POST", path: "/bridge", auth: "user", body: {} },
  { method: "POST", path: "/bridge/redeem", auth: "publishable", body: { code: "x" } },
  {
    method: "POST",
    path: "/billing/checkout",
    auth: "user",
    body: { price_id: "price_x", success_url: page, cancel_url: page },
  },
  { method: "POST", path: "/billing/portal", auth: "user", body: { return_url: page } },
  { method: "GET", path: "/billing/subscription", auth: "user" },
  { method: "GET", path: "/billing/products", auth: "publishable" },
  { method: "POST", path: "/stripe-webhook", auth: "signature", body: { id: "evt_x" } },
  {
    method: "POST",
    path: "/lookouts",
    auth: "user",
    body: {
      title: "News",
      prompt: "What is new?",
      assistant_slug: "researcher",
      frequency: "daily",
      time: "09:00",
      timezone: "UTC",
    },
  },
  { method: "PATCH", path: `/lookouts/${id}`, auth: "user", body: { title: "Other news" } },
  { method: "POST", path: `/lookouts/${id}/run`, auth: "user" },
  { method: "DELETE", path: `/lookouts/${id}`, auth: "user" },
  { method: "POST", path: "/lookouts/run", auth: "secret" },
  { method: "GET", path: "/account/export", auth: "user" },
  { method: "DELETE", path: "/account", auth: "user" },
  { method: "POST", path: "/turn-recovery", auth: "secret" },
  { method: "POST", path: "/vector-store-cleanup", auth: "secret" },
];

/** Says where a route is in a test's name. */
export function nameOf({ method, path }: Route): string {
  return `${method} ${path.replaceAll(id, ":id")}`;
}
