import { decodeJwt } from "jose";
import { beforeEach, expect, test } from "vitest";
import {
  asPostgres,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { raceBehind } from "../../helpers/race-behind.ts";

let user: TestUser;
beforeEach(async () => {
  user = await createUser();
});

async function signIn({ email, password }: TestUser) {
  const client = createTestClient();
  const { session } = must(await client.auth.signInWithPassword({ email, password }));
  return { client, refreshToken: session!.refresh_token, accessToken: session!.access_token };
}

const refresh = (refresh_token: string) =>
  createTestClient().auth.refreshSession({ refresh_token });

/** Makes tokens look as if they had been replaced a minute ago. */
async function age(token: string): Promise<void> {
  await asPostgres(
    "update auth.refresh_tokens set updated_at = now() - interval '1 minute' where token = $1",
    [token],
  );
}

test("a refresh replaces the token", async () => {
  const { refreshToken } = await signIn(user);
  const { session } = must(await refresh(refreshToken));
  expect(session?.refresh_token).not.toBe(refreshToken);
  must(await refresh(session!.refresh_token));
});

test("a client that missed the response gets the same new token again", async () => {
  const { refreshToken } = await signIn(user);
  const first = must(await refresh(refreshToken)).session?.refresh_token;
  await age(refreshToken);
  expect(must(await refresh(refreshToken)).session?.refresh_token).toBe(first);
});

test("concurrent refreshes with one token end with one new token", async () => {
  const { refreshToken, accessToken } = await signIn(user);
  const sessionId = decodeJwt(accessToken).session_id;
  const once = () => refresh(refreshToken);
  const results = await raceBehind(
    "select from auth.sessions where id = $1 for update",
    [sessionId],
    [once, once, once],
  );
  const tokens = results.map((result) => must(result).session?.refresh_token);
  expect(new Set(tokens).size).toBe(1);
});

test("reusing an old token ends all sessions of its family", async () => {
  const { refreshToken } = await signIn(user);
  const second = must(await refresh(refreshToken)).session!.refresh_token;
  const third = must(await refresh(second)).session!.refresh_token;
  await age(refreshToken);
  const { error } = await refresh(refreshToken);
  expect(error).toMatchObject({ status: 400, code: "refresh_token_already_used" });
  await age(third);
  expect((await refresh(third)).error?.code).toBe("refresh_token_already_used");
});

test("an unknown refresh token is refused", async () => {
  const { error } = await refresh("not-a-token");
  expect(error).toMatchObject({ status: 400, code: "refresh_token_not_found" });
});

test("a local sign-out ends this session only", async () => {
  const [here, there] = [await signIn(user), await signIn(user)];
  must({ ...(await here.client.auth.signOut({ scope: "local" })), data: null });
  expect((await refresh(here.refreshToken)).error?.code).toBe("refresh_token_not_found");
  must(await refresh(there.refreshToken));
});

test("signing out the other sessions keeps this one", async () => {
  const [here, there] = [await signIn(user), await signIn(user)];
  await here.client.auth.signOut({ scope: "others" });
  expect((await refresh(there.refreshToken)).error?.code).toBe("refresh_token_not_found");
  must(await refresh(here.refreshToken));
});

test("a global sign-out ends every session, and its tokens no longer show the user", async () => {
  const [here, there] = [await signIn(user), await signIn(user)];
  await here.client.auth.signOut();
  expect((await refresh(there.refreshToken)).error?.code).toBe("refresh_token_not_found");
  const { error } = await createTestClient().auth.getUser(there.accessToken);
  expect(error?.name).toBe("AuthSessionMissingError");
});

test("an admin signs a user out by their token", async () => {
  const { refreshToken, accessToken } = await signIn(user);
  const { admin } = createTestClient(stack.SECRET_KEY).auth;
  must(await admin.signOut(accessToken, "local"));
  expect((await refresh(refreshToken)).error?.code).toBe("refresh_token_not_found");
});

test("a changed password ends the other sessions and is required from then on", async () => {
  const [here, there] = [await signIn(user), await signIn(user)];
  must(await here.client.auth.updateUser({ password: "another password" }));
  expect((await refresh(there.refreshToken)).error?.code).toBe("refresh_token_not_found");
  must(await here.client.auth.refreshSession());
  const { email, password } = user;
  const old = await createTestClient().auth.signInWithPassword({ email, password });
  expect(old.error?.code).toBe("invalid_credentials");
});

test("the same or a weak password is refused", async () => {
  const same = await user.client.auth.updateUser({ password: user.password });
  expect(same.error).toMatchObject({ status: 422, code: "same_password" });
  const weak = await user.client.auth.updateUser({ password: "12345" });
  expect(weak.error).toMatchObject({ status: 422, code: "weak_password" });
});
