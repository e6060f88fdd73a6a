import { AuthError, errorResponse, raisedResponse, toAuthError } from "./http/errors.ts";
import type { AuthPorts } from "./http/ports.ts";
import { requireAdmin } from "./http/read-request.ts";
import { generateLink, inviteUser } from "./codes/admin-links-routes.ts";
import {
  addUser,
  editUser,
  listUsers,
  removeUser,
  showUser as showAnyUser,
} from "./users/admin-users-routes.ts";
import {
  reauthenticate,
  recoverPassword,
  resendMail,
  sendMagicLink,
} from "./codes/mail-requests-routes.ts";
import { changeUser, logOut, showUser } from "./users/own-user-routes.ts";
import { refuseProvider, showSettings } from "./http/settings-routes.ts";
import { signUp } from "./users/sign-up-routes.ts";
import { grantToken } from "./sessions/token-routes.ts";
import { verifyByCode, verifyByLink } from "./codes/verify-routes.ts";

type Answer = (ports: AuthPorts, request: Request, id: string) => Promise<Response>;
type Methods = Partial<Record<string, Answer>>;

/** The public routes of the Auth API in the local stack, by path and method. */
const ROUTES: Record<string, Methods> = {
  "/settings": { GET: showSettings },
  "/authorize": { GET: refuseProvider },
  "/signup": { POST: signUp },
  "/token": { POST: grantToken },
  "/verify": { GET: verifyByLink, POST: verifyByCode },
  "/recover": { POST: recoverPassword },
  "/otp": { POST: sendMagicLink },
  "/magiclink": { POST: sendMagicLink },
  "/resend": { POST: resendMail },
  "/reauthenticate": { GET: reauthenticate },
  "/user": { GET: showUser, PUT: changeUser },
  "/logout": { POST: logOut },
};

/** The routes that require the secret key. */
const ADMIN_ROUTES: Record<string, Methods> = {
  "/invite": { POST: inviteUser },
  "/admin/generate_link": { POST: generateLink },
  "/admin/users": { GET: listUsers, POST: addUser },
  "/admin/users/:id": { GET: showAnyUser, PUT: editUser, DELETE: removeUser },
};

const PREFIX = "/auth/v1";

/** Creates the Auth API of a Supabase project. The gateway has already checked the key and token of each request. */
export function createAuthApp(ports: AuthPorts): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      return await route(ports, request);
    } catch (error) {
      return raisedResponse(error) ?? errorResponse(toAuthError(error, ports.log), request);
    }
  };
}

async function route(ports: AuthPorts, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.slice(PREFIX.length).replace(/(.)\/$/, "$1");
  const id = path.match(/^\/admin\/users\/([^/]+)$/)?.[1] ?? "";
  const pattern = id ? "/admin/users/:id" : path;
  if (path.startsWith("/admin") || Object.hasOwn(ADMIN_ROUTES, pattern)) {
    requireAdmin(ports, request);
  }
  const routes = { ...ROUTES, ...ADMIN_ROUTES };
  const methods = Object.hasOwn(routes, pattern) ? routes[pattern] : undefined;
  if (!methods) throw new AuthError("not_found", "404 page not found");
  return await pickMethod(methods, request.method)(ports, request, id);
}

function pickMethod(methods: Methods, method: string): Answer {
  const wanted = method === "HEAD" ? "GET" : method;
  const answer = Object.hasOwn(methods, wanted) ? methods[wanted] : undefined;
  if (answer) return answer;
  throw new AuthError("method_not_allowed", "Method not allowed", {
    headers: { allow: Object.keys(methods).join(", ") },
  });
}
