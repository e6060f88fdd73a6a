import * as z from "zod";
import { confirmAccount, createAccount } from "../users/accounts.ts";
import { parseEmail } from "../users/contacts.ts";
import { startEmailChange } from "../users/change-email.ts";
import { askSignUpHook } from "../users/sign-up-hook.ts";
import { AuthError, isUniqueViolation } from "../http/errors.ts";
import { hashPassword, randomPassword } from "../users/passwords.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";
import { challenge, metadata, readBody, requireUser, text } from "../http/read-request.ts";
import { requestedRedirect } from "../http/redirects.ts";
import { sendCode } from "./send-code.ts";
import { findUser, type Metadata, type User } from "../users/users.ts";

const Recovery = z.object({ email: text, ...challenge });
const Otp = z.object({
  email: text,
  phone: text,
  data: metadata,
  create_user: z.boolean().nullish().transform((value) => value ?? true),
  ...challenge,
});
const Resend = z.object({ type: text, email: text, phone: text, ...challenge });

/** Answers `POST /recover`: mails a link to set a new password. The response does not reveal unknown addresses. */
export async function recoverPassword(ports: AuthPorts, request: Request): Promise<Response> {
  const { email, ...pkce } = await readBody(request, Recovery);
  if (!email) {
    throw new AuthError("validation_failed", "Password recovery requires an email");
  }
  const user = await findUser(ports.database, "email", parseEmail(email));
  if (user) {
    await sendCode(ports, user, "recovery", requestedRedirect(request, ports), pkce);
  }
  return Response.json({});
}

/**
 * Answers `POST /otp` and `/magiclink`: mails a code and a link for signing in. A new address signs up unless
 * `create_user` is false.
 */
export async function sendMagicLink(ports: AuthPorts, request: Request): Promise<Response> {
  const { email, phone, data = {}, create_user: mayCreate, ...pkce } = await readBody(request, Otp);
  if (phone) throw new AuthError("phone_provider_disabled", "Unsupported phone provider");
  if (!email) throw new AuthError("validation_failed", "One of email or phone must be set");
  const address = parseEmail(email);
  const known = await findUser(ports.database, "email", address);
  if (!known && !mayCreate) {
    throw new AuthError("otp_disabled", "Signups not allowed for otp");
  }
  const user = known?.email_confirmed_at
    ? known
    : await admit(ports, request, known, address, data);
  await sendCode(ports, user, "magiclink", requestedRedirect(request, ports), pkce);
  return Response.json({});
}

/** Creates or confirms the user. Addresses need no confirmation locally, so new users get a magic link, too. */
async function admit(
  ports: AuthPorts,
  request: Request,
  known: User | null,
  email: string,
  data: Metadata,
): Promise<User> {
  if (known) return await inTransaction(ports.database, (db) => confirmAccount(db, known));
  await askSignUpHook(ports, request, { email });
  const passwordHash = await hashPassword(randomPassword());
  const account = { email, passwordHash, metadata: data, isConfirmed: true };
  try {
    return await inTransaction(ports.database, (db) => createAccount(db, account));
  } catch (error) {
    // A concurrent request has created the user.
    const made = isUniqueViolation(error) && await findUser(ports.database, "email", email);
    if (!made) throw error;
    return made;
  }
}

/** Answers `POST /resend`: mails the pending confirmation of a sign-up or a change of address again. */
export async function resendMail(ports: AuthPorts, request: Request): Promise<Response> {
  const { type, email, phone, ...pkce } = await readBody(request, Resend);
  if (type === "sms" || type === "phone_change" || phone) {
    throw new AuthError("phone_provider_disabled", "Unsupported phone provider");
  }
  if (type !== "signup" && type !== "email_change") {
    throw new AuthError(
      "validation_failed",
      "Missing one of these types: signup, email_change, sms, phone_change",
    );
  }
  if (!email) {
    throw new AuthError("validation_failed", "Type provided requires an email address");
  }
  const user = await findUser(ports.database, "email", parseEmail(email));
  const redirectTo = requestedRedirect(request, ports);
  if (type === "signup" && user && !user.email_confirmed_at) {
    await sendCode(ports, user, "signup", redirectTo, pkce);
  }
  if (type === "email_change" && user?.email_change) {
    await startEmailChange(ports, user, user.email_change, redirectTo, pkce);
  }
  return Response.json({});
}

/** Answers `GET /reauthenticate`: mails a code. It proves that the user still has the address. */
export async function reauthenticate(ports: AuthPorts, request: Request): Promise<Response> {
  if (request.method === "HEAD") {
    throw new AuthError("method_not_allowed", "Method not allowed");
  }
  const { user } = await requireUser(ports, request);
  if (!user.email) {
    throw new AuthError(
      "validation_failed",
      "Reauthentication requires the user to have an email or a phone number",
    );
  }
  await sendCode(ports, user, "reauthentication", requestedRedirect(request, ports));
  return Response.json({});
}
