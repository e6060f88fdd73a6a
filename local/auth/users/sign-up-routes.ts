import * as z from "zod";
import { confirmAccount, createAccount } from "./accounts.ts";
import { parseEmail } from "./contacts.ts";
import { askSignUpHook } from "./sign-up-hook.ts";
import { AuthError, isUniqueViolation } from "../http/errors.ts";
import { issueSession } from "../sessions/issue-session.ts";
import { hashPassword } from "./passwords.ts";
import { type AuthPorts, type Db, inTransaction } from "../http/ports.ts";
import { metadata, readBody, text } from "../http/read-request.ts";
import { findUser, insertUser, type Metadata, refuseBanned, type User } from "./users.ts";

const SignUp = z.object({ email: text, phone: text, password: text, data: metadata });

/** Answers `POST /signup`, with an address and a password or anonymously. Addresses need no confirmation locally. */
export async function signUp(ports: AuthPorts, request: Request): Promise<Response> {
  const { email, phone, password = "", data = {} } = await readBody(request, SignUp);
  if (phone) throw new AuthError("phone_provider_disabled", "Phone signups are disabled");
  if (!email) return await signUpAnonymously(ports, request, data);
  if (!password) throw new AuthError("validation_failed", "Signup requires a valid password");
  const address = parseEmail(email);
  const passwordHash = await hashPassword(password);
  if (!await findUser(ports.database, "email", address)) {
    await askSignUpHook(ports, request, { email: address });
  }
  const session = await inTransaction(ports.database, async (db) => {
    const user = await register(db, address, passwordHash, data);
    return await issueSession(ports, db, user, "password");
  });
  return Response.json(session);
}

async function signUpAnonymously(
  ports: AuthPorts,
  request: Request,
  data: Metadata,
): Promise<Response> {
  if (!ports.anonymousSignIns) {
    throw new AuthError("anonymous_provider_disabled", "Anonymous sign-ins are disabled");
  }
  await askSignUpHook(ports, request, { isAnonymous: true });
  const session = await inTransaction(ports.database, async (db) => {
    const user = await insertUser(db, {
      is_anonymous: true,
      raw_app_meta_data: {},
      raw_user_meta_data: data,
    });
    return await issueSession(ports, db, user, "anonymous");
  });
  return Response.json(session);
}

/** Creates a user. As on Supabase, an unconfirmed user with this address is confirmed and not changed otherwise. */
async function register(
  db: Db,
  email: string,
  passwordHash: string,
  data: Metadata,
): Promise<User> {
  const known = await findUser(db, "email", email);
  if (known?.email_confirmed_at) throw alreadyRegistered();
  if (known) {
    refuseBanned(known);
    return await confirmAccount(db, known);
  }
  try {
    return await createAccount(db, { email, passwordHash, metadata: data, isConfirmed: true });
  } catch (error) {
    // A concurrent sign-up has created the user.
    throw isUniqueViolation(error) ? alreadyRegistered() : error;
  }
}

function alreadyRegistered(): AuthError {
  return new AuthError("user_already_exists", "User already registered");
}
