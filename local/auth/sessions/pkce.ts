import { createHash, randomUUID } from "node:crypto";
import { AuthError } from "../http/errors.ts";
import type { Db } from "../http/ports.ts";
import type { SignInMethod } from "./sessions.ts";

const LIFETIME_SECONDS = 300;
/** Source: https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
const CHALLENGE = /^[a-zA-Z0-9._~-]{43,128}$/;

/** The challenge in a client's request for a mail. It has both members or none. */
export interface Challenge {
  code_challenge?: string | undefined;
  code_challenge_method?: string | undefined;
}

/**
 * Stores a client's challenge until the user follows the link of the mail. Returns false when there is no challenge.
 * Rejects when it is malformed.
 */
export async function saveChallenge(
  db: Db,
  userId: string,
  method: SignInMethod,
  { code_challenge: challenge = "", code_challenge_method: how = "" }: Challenge,
): Promise<boolean> {
  if (!challenge && !how) return false;
  const hashing = how.toLowerCase();
  if (!CHALLENGE.test(challenge) || !["s256", "plain"].includes(hashing)) {
    throw new AuthError(
      "validation_failed",
      "PKCE flow requires code_challenge_method and code_challenge",
    );
  }
  await db.query(
    `insert into auth.flow_state
       (id, user_id, authentication_method, provider_type, code_challenge, code_challenge_method)
     values ($1, $2, $3, $3, $4, $5)`,
    [randomUUID(), userId, method, challenge, hashing],
  );
  return true;
}

/** Creates the code of a followed link, for the user's newest challenge. Rejects when there is no challenge. */
export async function issueAuthCode(
  db: Db,
  userId: string,
  method: SignInMethod,
): Promise<string> {
  const authCode = randomUUID();
  const { rowCount } = await db.query(
    `update auth.flow_state set auth_code = $1, auth_code_issued_at = now(), updated_at = now()
     where id = (
       select f.id from auth.flow_state f
       where f.user_id = $2 and f.authentication_method = $3 and f.auth_code is null
       order by f.created_at desc limit 1
     )`,
    [authCode, userId, method],
  );
  if (!rowCount) throw flowNotFound();
  return authCode;
}

/**
 * Redeems a code, which is then invalid. Returns its user and sign-in method. Rejects when the code is unknown or
 * expired, or when the verifier does not match the challenge.
 */
export async function redeemAuthCode(
  db: Db,
  authCode: string,
  verifier: string,
): Promise<{ userId: string; method: SignInMethod }> {
  const { rows: [flow] } = await db.query<{
    user_id: string;
    authentication_method: SignInMethod;
    code_challenge: string;
    code_challenge_method: string;
  }>(
    `delete from auth.flow_state
     where auth_code = $1 and auth_code_issued_at > now() - make_interval(secs => $2)
     returning user_id, authentication_method, code_challenge, code_challenge_method`,
    [authCode, LIFETIME_SECONDS],
  );
  if (!flow) throw flowNotFound();
  const answer = flow.code_challenge_method === "plain"
    ? verifier
    : createHash("sha256").update(verifier).digest("base64url");
  if (answer !== flow.code_challenge) {
    throw new AuthError(
      "bad_code_verifier",
      "code challenge does not match previously saved code verifier",
    );
  }
  return { userId: flow.user_id, method: flow.authentication_method };
}

function flowNotFound(): AuthError {
  return new AuthError("flow_state_not_found", "invalid flow state, no valid flow state found");
}
