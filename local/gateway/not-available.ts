import { Hono } from "hono";
import { cors } from "hono/cors";

/** A feature of Supabase that the local stack lacks, and its routes. */
interface Missing {
  /** The start of a sentence that ends with "not available", e.g. "Passkeys are". */
  feature: string;
  routes: string[];
}

const AUTH: Missing[] = [
  {
    feature: "Multi-factor authentication is",
    routes: ["/factors/*", "/admin/users/:id/factors/*"],
  },
  { feature: "Single sign-on is", routes: ["/sso/*", "/saml/*", "/admin/sso/*"] },
  { feature: "Passkeys are", routes: ["/passkeys/*", "/admin/users/:id/passkeys/*"] },
  {
    feature: "Linking of identities is",
    routes: ["/user/identities/*"],
  },
  { feature: "Sign-in through other providers is", routes: ["/callback"] },
  {
    feature: "The OAuth server is",
    routes: [
      "/oauth/*",
      "/admin/oauth/*",
      "/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server",
      "/user/oauth/*",
    ],
  },
  { feature: "The admin API of custom providers is", routes: ["/admin/custom-providers/*"] },
  { feature: "The audit log of Auth is", routes: ["/admin/audit"] },
];

const STORAGE: Missing[] = [
  { feature: "Image transformation is", routes: ["/render/image/*"] },
  { feature: "Listing with `listV2` is", routes: ["/object/list-v2/*"] },
  { feature: "Resumable upload is", routes: ["/upload/resumable/*"] },
  { feature: "The S3 protocol is", routes: ["/s3/*"] },
  { feature: "Analytics buckets are", routes: ["/iceberg/*"] },
  { feature: "Vector buckets are", routes: ["/vector/*"] },
  { feature: "Purging of the CDN is", routes: ["/cdn/*"] },
];

const OTHERS: Missing[] = [
  { feature: "GraphQL is", routes: ["/graphql/v1/*"] },
  { feature: "This part of Realtime is", routes: ["/realtime/v1/*"] },
];

/** Values of `grant_type` that only Supabase Auth accepts. */
const FOREIGN_GRANTS = new Map([
  ["id_token", "Sign-in with another provider's id token is"],
  ["web3", "Sign-in with a wallet is"],
]);

/** Builds an error in the form of one API. */
type Refuse = (message: string) => Response;

/** Creates the routes of features that only Supabase has. They answer 501, each in the form of its API. */
export function createNotAvailableRoutes(): Hono {
  const routes = new Hono();
  for (const path of ["/graphql/v1", "/graphql/v1/*", "/realtime/v1/*"]) {
    routes.use(path, cors({ origin: "*", maxAge: 600 }));
  }
  addAll(routes, "/auth/v1", AUTH, refuseAuth);
  addAll(routes, "/storage/v1", STORAGE, refuseStorage);
  addAll(routes, "", OTHERS, refuse);
  routes.post("/auth/v1/token", async (c, next) => {
    const feature = FOREIGN_GRANTS.get(c.req.query("grant_type") ?? "");
    return feature ? refuseAuth(sentence(feature)) : await next();
  });
  return routes;
}

function addAll(routes: Hono, prefix: string, all: Missing[], refuse: Refuse): void {
  for (const { feature, routes: paths } of all) {
    for (const path of paths) routes.all(prefix + path, () => refuse(sentence(feature)));
  }
}

function sentence(feature: string): string {
  return `${feature} not available in the local stack.`;
}

const CODE = "not_available_locally";
const HINT = "Use a Supabase project or `supabase start`. See docs/local-stack.md.";

const refuse: Refuse = (message) =>
  Response.json({ code: CODE, message, details: null, hint: HINT }, { status: 501 });

const refuseAuth: Refuse = (msg) =>
  Response.json({ code: 501, error_code: CODE, msg, hint: HINT }, { status: 501 });

const refuseStorage: Refuse = (message) => {
  const body = { statusCode: "501", error: CODE, message, code: CODE, hint: HINT };
  return Response.json(body, { status: 501 });
};
