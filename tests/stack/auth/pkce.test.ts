import { createClient } from "@supabase/supabase-js";
import { decodeJwt } from "jose";
import { expect, test } from "vitest";
import { codeIn, followLink, linkIn, takeMail } from "../../helpers/mail.ts";
import { createUser, must, stack } from "../../helpers/stack.ts";

/** Creates a client as server-rendered apps do. */
function createPkceClient() {
  const kept = new Map<string, string>();
  return createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: {
      flowType: "pkce",
      autoRefreshToken: false,
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => void kept.set(key, value),
        removeItem: (key) => void kept.delete(key),
      },
    },
  });
}

async function requestLink() {
  const { email, authId } = await createUser();
  const client = createPkceClient();
  must(await client.auth.signInWithOtp({ email }));
  return { email, authId, client, mail: await takeMail(email) };
}

test("a link gives a code that only the requesting client can exchange, once", async () => {
  const { authId, client, mail } = await requestLink();
  const target = await followLink(linkIn(mail));
  expect(target.hash).toBe("");
  const code = target.searchParams.get("code")!;

  const thief = createPkceClient();
  await thief.auth.signInWithOtp({ email: "nobody@example.com" });
  expect((await thief.auth.exchangeCodeForSession(code)).error).toMatchObject({
    status: 400,
    code: "bad_code_verifier",
  });

  const { session } = must(await client.auth.exchangeCodeForSession(code));
  expect(session.user.id).toBe(authId);
  expect(decodeJwt(session.access_token).amr).toMatchObject([{ method: "magiclink" }]);
  await client.auth.resetPasswordForEmail("nobody@example.com");
  expect((await client.auth.exchangeCodeForSession(code)).error?.code).toBe("flow_state_not_found");
});

test("a typed code gives a session directly", async () => {
  const { email, authId, client, mail } = await requestLink();
  const { session } = must(
    await client.auth.verifyOtp({ email, token: codeIn(mail), type: "email" }),
  );
  expect(session?.user.id).toBe(authId);
});

test("the hash of the link gives a session directly, as server routes use it", async () => {
  const { authId, client, mail } = await requestLink();
  const token_hash = linkIn(mail).searchParams.get("token")!;
  const { session } = must(await client.auth.verifyOtp({ token_hash, type: "email" }));
  expect(session?.user.id).toBe(authId);
});

test("an expired link reports the error in the query", async () => {
  const { mail } = await requestLink();
  await followLink(linkIn(mail));
  const again = await followLink(linkIn(mail));
  expect(again.searchParams.get("error_code")).toBe("otp_expired");
});
