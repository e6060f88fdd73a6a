import * as z from "zod";
import { createAccount } from "../users/accounts.ts";
import { parseEmail } from "../users/contacts.ts";
import { describeUser, loadDescription } from "../users/describe-user.ts";
import { AuthError, EMAIL_TAKEN } from "../http/errors.ts";
import { issueEmailChangeCode } from "../users/change-email.ts";
import { askSignUpHook } from "../users/sign-up-hook.ts";
import { findIdentities } from "../users/identities.ts";
import { actionLink } from "./mails.ts";
import { hashPassword, randomPassword } from "../users/passwords.ts";
import { type AuthPorts, type Db, inTransaction } from "../http/ports.ts";
import { metadata, readBody, text } from "../http/read-request.ts";
import { requestedRedirect } from "../http/redirects.ts";
import { issueCode, type IssuedCode, sendCode } from "./send-code.ts";
import { findUser, mergeMetadata, updateUser, type User } from "../users/users.ts";

const Invitation = z.object({ email: text, data: metadata });
const LinkRequest = z.object({
  type: text,
  email: text,
  new_email: text,
  password: text,
  data: metadata,
  redirect_to: text,
});

/** Answers `POST /invite`: creates an unconfirmed user and mails an invitation. */
export async function inviteUser(ports: AuthPorts, request: Request): Promise<Response> {
  const { email, data = {} } = await readBody(request, Invitation);
  const address = parseEmail(email);
  if (!await findUser(ports.database, "email", address)) {
    await askSignUpHook(ports, request, { email: address });
  }
  const user = await inTransaction(
    ports.database,
    (db) => findUnconfirmed(db, address, data, null),
  );
  const invited = await sendCode(ports, user, "invite", requestedRedirect(request, ports));
  return Response.json(await loadDescription(ports.database, invited));
}

/** Answers `POST /admin/generate_link` with the code and the link of a mail, without sending it. */
export async function generateLink(ports: AuthPorts, request: Request): Promise<Response> {
  const params = await readBody(request, LinkRequest);
  const email = parseEmail(params.email);
  const known = await findUser(ports.database, "email", email);
  const type = linkType(params.type, known);
  const isNew = type === "signup" && !known;
  const password = isNew ? newPassword(params) : undefined;
  const passwordHash = password === undefined ? null : await hashPassword(password);
  const redirectTo = requestedRedirect(request, ports, params.redirect_to);
  if (!known) await askSignUpHook(ports, request, { email });

  return await inTransaction(ports.database, async (db) => {
    const { code, token, user } = await issueFor(db, type, known, {
      email,
      newEmail: params.new_email,
      passwordHash,
      data: params.data ?? {},
    });
    const purpose = isEmailChange(type) ? "email_change" : type;
    return Response.json({
      ...describeUser(user, await findIdentities(db, [user.id])),
      action_link: actionLink(ports.apiUrl, { purpose, token, redirectTo }),
      email_otp: code,
      hashed_token: token,
      verification_type: type,
      redirect_to: redirectTo,
    });
  });
}

const LINK_TYPES = [
  "signup",
  "invite",
  "magiclink",
  "recovery",
  "email_change_current",
  "email_change_new",
] as const;
type LinkType = typeof LINK_TYPES[number];
type EmailChangeType = "email_change_current" | "email_change_new";

function isEmailChange(type: LinkType): type is EmailChangeType {
  return type === "email_change_current" || type === "email_change_new";
}

/** Returns the type of the link. As on Supabase, a magic link for an unknown address becomes a sign-up link. */
function linkType(wanted: string | undefined, known: User | null): LinkType {
  const type = LINK_TYPES.find((each) => each === wanted);
  if (!type) {
    throw new AuthError("validation_failed", "Invalid email action link type requested");
  }
  if (known || type === "signup" || type === "invite") return type;
  if (type === "magiclink") return "signup";
  throw new AuthError("user_not_found", "User with this email not found");
}

/** Returns the password of a new user. Only a request for a sign-up link contains one. */
function newPassword({ type, password }: z.infer<typeof LinkRequest>): string {
  if (type === "magiclink") return randomPassword();
  if (!password) throw new AuthError("validation_failed", "Signup requires a valid password");
  return password;
}

interface LinkTarget {
  email: string;
  newEmail: string | undefined;
  passwordHash: string | null;
  data: Record<string, unknown>;
}

async function issueFor(
  db: Db,
  type: LinkType,
  known: User | null,
  { email, newEmail, passwordHash, data }: LinkTarget,
): Promise<IssuedCode> {
  if (type === "signup" || type === "invite") {
    return await issueCode(db, await findUnconfirmed(db, email, data, passwordHash), type);
  }
  if (!known) throw new AuthError("user_not_found", "User with this email not found");
  if (!isEmailChange(type)) return await issueCode(db, known, type);
  const address = parseEmail(newEmail);
  const holder = await findUser(db, "email", address);
  if (holder && holder.id !== known.id) throw new AuthError("email_exists", EMAIL_TAKEN);
  return await issueEmailChangeCode(db, known, address, type);
}

/** Finds or creates the unconfirmed user of an address. Rejects when the address is confirmed. */
async function findUnconfirmed(
  db: Db,
  email: string,
  data: Record<string, unknown>,
  passwordHash: string | null,
): Promise<User> {
  const known = await findUser(db, "email", email);
  if (known?.email_confirmed_at) throw new AuthError("email_exists", EMAIL_TAKEN);
  if (!known) {
    return await createAccount(db, { email, passwordHash, metadata: data, isConfirmed: false });
  }
  return await updateUser(db, known.id, {
    raw_user_meta_data: mergeMetadata(known.raw_user_meta_data, data),
  });
}
