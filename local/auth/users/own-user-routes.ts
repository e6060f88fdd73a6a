import * as z from "zod";
import { applyEmailChange, startEmailChange } from "./change-email.ts";
import { parseEmail } from "./contacts.ts";
import { loadDescription } from "./describe-user.ts";
import { AuthError, EMAIL_TAKEN } from "../http/errors.ts";
import { hashPassword, isPassword } from "./passwords.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";
import {
  type Caller,
  challenge,
  metadata,
  readBody,
  requireUser,
  text,
} from "../http/read-request.ts";
import { requestedRedirect } from "../http/redirects.ts";
import { endSession, endSessions } from "../sessions/sessions.ts";
import { storePassword } from "./store-password.ts";
import { findUser, lockUser, mergeMetadata, updateUser, type User } from "./users.ts";

const Attributes = z.object({
  email: text,
  phone: text,
  password: text,
  data: metadata,
  app_metadata: metadata,
  ...challenge,
});

/** Answers `GET /user` with the caller's present data. */
export async function showUser(ports: AuthPorts, request: Request): Promise<Response> {
  const { user } = await requireUser(ports, request);
  return Response.json(await loadDescription(ports.database, user));
}

/** Answers `PUT /user`: changes the caller's password, metadata or address. A new address must be confirmed first. */
export async function changeUser(ports: AuthPorts, request: Request): Promise<Response> {
  const caller = await requireUser(ports, request);
  const { email, phone, password, data, app_metadata: forbidden, ...pkce } = await readBody(
    request,
    Attributes,
  );
  if (forbidden) {
    throw new AuthError("not_admin", "Updating app_metadata requires admin privileges");
  }
  if (phone && phone !== caller.user.phone) {
    throw new AuthError("phone_provider_disabled", "Unsupported phone provider");
  }
  const newEmail = await parseNewEmail(ports, caller.user, email);
  const passwordHash = password === undefined ? null : await parsePassword(caller, password, email);

  const isImmediate = caller.user.is_anonymous;
  const user = await inTransaction(ports.database, async (db) => {
    let changed = await lockUser(db, caller.user.id);
    if (passwordHash) changed = await storePassword(db, changed, passwordHash, caller.sessionId);
    if (data) {
      changed = await updateUser(db, changed.id, {
        raw_user_meta_data: mergeMetadata(changed.raw_user_meta_data, data),
      });
    }
    return newEmail && isImmediate ? await applyEmailChange(db, changed, newEmail) : changed;
  });
  const current = newEmail && !isImmediate
    ? await startEmailChange(ports, user, newEmail, requestedRedirect(request, ports), pkce)
    : user;
  return Response.json(await loadDescription(ports.database, current));
}

/** Returns the new address, or null when it does not differ. Rejects when another user has it. */
async function parseNewEmail(
  { database }: AuthPorts,
  user: User,
  wanted: string | undefined,
): Promise<string | null> {
  const email = wanted ? parseEmail(wanted) : user.email;
  if (email === user.email || !email) return null;
  if (await findUser(database, "email", email)) throw new AuthError("email_exists", EMAIL_TAKEN);
  return email;
}

async function parsePassword(
  { user }: Caller,
  password: string,
  email: string | undefined,
): Promise<string> {
  if (user.is_anonymous && !email) {
    throw new AuthError(
      "validation_failed",
      "Updating password of an anonymous user without an email or phone is not allowed",
      { status: 422 },
    );
  }
  const passwordHash = await hashPassword(password);
  if (await isPassword(password, user.encrypted_password)) {
    throw new AuthError(
      "same_password",
      "New password should be different from the old password.",
    );
  }
  return passwordHash;
}

/** Answers `POST /logout?scope=`: ends all sessions of the caller (`global`), this one (`local`) or the `others`. */
export async function logOut(ports: AuthPorts, request: Request): Promise<Response> {
  const { user, sessionId } = await requireUser(ports, request);
  const scope = new URL(request.url).searchParams.get("scope") || "global";
  if (!["global", "local", "others"].includes(scope)) {
    throw new AuthError("validation_failed", `Unsupported logout scope "${scope}"`);
  }
  if (scope === "local" && sessionId) await endSession(ports.database, sessionId);
  else await endSessions(ports.database, user.id, scope === "others" ? sessionId : null);
  return new Response(null, { status: 204 });
}
