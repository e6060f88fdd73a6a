import { Hono } from "hono";
import { cors } from "hono/cors";
import { refuseInheritedName } from "../rest/inherited-names.ts";
import { mendRequest } from "../rest/mend-request.ts";
import { asClientMistake } from "../rest/parse-failures.ts";
import type { StackKeys } from "../stack/keys.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { createMailRoutes } from "../mail/mail-routes.ts";
import {
  type GatewayEnv,
  isSecretInBrowser,
  refuseAuthToken,
  refuseRestToken,
  refuseSecretInBrowser,
  requireCredentials,
} from "./credentials.ts";
import { forwardToFunction, type FunctionsUpstream, refuseWithoutUser } from "./functions.ts";
import { createNotAvailableRoutes } from "./not-available.ts";
import type { TokenExchange } from "./tokens.ts";

/** The services behind the gateway. */
export interface GatewayPorts {
  app: { fetch(request: Request): Promise<Response> };
  tokens: TokenExchange;
  keys: StackKeys;
  /** Answers `/auth/v1` after the gateway has checked the credentials. */
  auth(request: Request): Promise<Response>;
  mailbox: Mailbox;
  functions: FunctionsUpstream;
  /** Answers `/storage/v1` and checks the credentials itself. */
  storage: { fetch(request: Request): Response | Promise<Response> };
  /** Returns true once every part of the stack answers. */
  isReady(): boolean;
}

const EXPOSED = [
  "content-range",
  "content-location",
  "preference-applied",
  "x-total-count",
  "link",
  "accept-ranges",
  "content-disposition",
  "content-length",
  "etag",
  "x-supabase-api-version",
  "x-sb-error-code",
];

/** Creates the app that serves `/rest/v1`, `/auth/v1`, `/storage/v1` and `/functions/v1`, as in a Supabase project. */
export function createGateway(ports: GatewayPorts): Hono<GatewayEnv> {
  const { keys, tokens } = ports;
  const gateway = new Hono<GatewayEnv>();
  // Functions send CORS headers themselves, as on Supabase.
  gateway.use("/rest/v1/*", cors({ origin: "*", exposeHeaders: EXPOSED, maxAge: 600 }));
  gateway.use("/auth/v1/*", cors({ origin: "*", exposeHeaders: EXPOSED, maxAge: 600 }));
  gateway.use("/storage/v1/*", cors({ origin: "*", exposeHeaders: EXPOSED, maxAge: 600 }));

  gateway.route("/", createNotAvailableRoutes());
  gateway.get(
    "/auth/v1/health",
    (c) =>
      ports.isReady() ? c.json({ name: "Parley local stack" }) : c.json({ msg: "starting" }, 503),
  );
  gateway.get("/auth/v1/.well-known/jwks.json", (c) => c.json(tokens.jwks));
  // A browser that follows a link sends no API key.
  gateway.get("/auth/v1/verify", (c) => ports.auth(c.req.raw));
  gateway.get("/auth/v1/authorize", (c) => ports.auth(c.req.raw));
  gateway.all(
    "/auth/v1/*",
    requireCredentials(keys, tokens, refuseAuthToken),
    (c) => ports.auth(c.var.upstream),
  );
  gateway.use(
    "/rest/v1/*",
    (c, next) => c.req.url.includes("%00") ? Promise.resolve(refuseNul()) : next(),
  );
  gateway.all(
    "/rest/v1/*",
    requireCredentials(keys, tokens, refuseRestToken),
    async (c) => {
      const refusal = refuseInheritedName(c.req.url);
      if (refusal) return refusal;
      const mended = await mendRequest(c.var.upstream);
      if (mended instanceof Response) return mended;
      return await asClientMistake(c.req.url, await ports.app.fetch(mended));
    },
  );

  gateway.all("/storage/v1/*", (c) => ports.storage.fetch(c.req.raw));
  // Forwarding would fail: fetch cannot send TRACE.
  gateway.on("TRACE", "*", (c) => c.body(null, 405));
  gateway.all("/functions/v1/*", async (c) => {
    if (isSecretInBrowser(c.req.raw, keys)) return refuseSecretInBrowser();
    return await refuseWithoutUser(c.req.raw, ports.functions, tokens) ??
      await forwardToFunction(ports.functions, c.req.raw);
  });
  gateway.route("/_mail", createMailRoutes(ports.mailbox));
  gateway.notFound((c) =>
    c.json({
      code: "not_found",
      message: "There is no such route.",
      details: null,
      hint: "Check the address. docs/local-stack.md lists the routes of the local stack.",
    }, 404)
  );
  return gateway;
}

/**
 * Refuses a NUL character in an address, with the error that Postgres gives for one in a value. In a name, the REST
 * app would write the character into its SQL text, and Postgres would read the statement only up to that point.
 * Source: https://www.postgresql.org/docs/current/protocol-message-types.html
 */
function refuseNul(): Response {
  const message = 'invalid byte sequence for encoding "UTF8": 0x00';
  return Response.json({ code: "22021", message, details: null, hint: null }, { status: 400 });
}
