import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { BridgeReply } from "../../../types/api.ts";
import { stopTheMinute } from "../../helpers/rate-limits.ts";
import { asPostgres, createTestClient, createUser, must, stack } from "../../helpers/stack.ts";
import {
  attemptsOf,
  freshAddress,
  issue,
  postBridge,
  postRedeem,
  redeem,
  refusalOf,
} from "./bridge-client.ts";

test("a code gives another app a session of its user", async () => {
  const user = await createUser();
  const code = await issue(user, { device: "Mac", ready: true, tries: 1, note: null });

  const { session_data, ...session } = await redeem(code);

  expect(session_data).toEqual({ device: "Mac", ready: true, tries: 1, note: null });
  const desktop = createTestClient();
  must(await desktop.auth.setSession(session));
  expect(must(await desktop.auth.getUser()).user.id).toBe(user.authId);
  expect(must(await desktop.from("profiles").select("id").single()).id).toBe(user.profileId);
  const refreshed = must(await desktop.auth.refreshSession());
  expect(refreshed.session?.access_token).not.toBe(session.access_token);
  // The app that asked for the code stays signed in.
  expect(must(await user.client.auth.getUser()).user.id).toBe(user.authId);
});

test("of twenty callers who redeem a code at once, one gets the session", async () => {
  const user = await createUser();
  const code = await issue(user);

  const responses = await Promise.all(Array.from({ length: 20 }, () => postRedeem(code)));

  const statuses = responses.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, ...Array(19).fill(410)]);
  const attempts = await attemptsOf(user);
  expect(attempts.filter(({ event_type }) => event_type === "bridge_redeem")).toHaveLength(1);
});

test("a used, an expired and an unknown code are refused", async () => {
  const user = await createUser();
  const [used, expired] = [await issue(user), await issue(user)];
  await redeem(used);
  await asPostgres(
    "update public.bridge_tokens set expires_at = now() where user_id = $1",
    [user.profileId],
  );

  expect(await refusalOf(await postRedeem(used))).toEqual([410, "code_expired"]);
  expect(await refusalOf(await postRedeem(expired))).toEqual([410, "code_expired"]);
  for (
    const guess of [randomBytes(24).toString("base64url"), used.slice(1), "", "\0", "\ud800", "%"]
  ) {
    expect(await refusalOf(await postRedeem(guess))).toEqual([404, "code_not_found"]);
  }
});

test("what became of a code is logged, with IP address and user agent", async () => {
  const user = await createUser();
  const address = freshAddress();
  const headers = { "x-forwarded-for": `${address}, 10.0.0.1`, "user-agent": "Desktop 1.0" };
  const reply = BridgeReply.parse(await (await postBridge(user, undefined, headers)).json());

  await postRedeem(reply.code, headers);
  await postRedeem(reply.code, headers);
  await postRedeem("wrong", headers);

  const origin = { client_ip: address, user_agent: "Desktop 1.0" };
  expect(await attemptsOf({ address })).toEqual([
    { event_type: "bridge_issue", success: true, error_message: null, ...origin },
    { event_type: "bridge_redeem", success: true, error_message: null, ...origin },
  ]);
});

test("an IP address that guesses codes is limited, and others are not", async () => {
  const address = freshAddress();
  const headers = { "x-forwarded-for": address };
  await postRedeem("guess", headers);
  await stopTheMinute(address);

  const responses = await Promise.all(
    Array.from({ length: 34 }, (_, n) => postRedeem(`guess-${n}`, headers)),
  );

  const statuses = responses.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(29).fill(404), ...Array(5).fill(429)]);
  const code = await issue(await createUser());
  expect(await refusalOf(await postRedeem(code, headers))).toEqual([429, "rate_limited"]);
  await redeem(code);
});

test("addresses of IPv4 in the notation of IPv6 are limited one by one", async () => {
  const [first, second] = [freshAddress(), freshAddress()];
  const attempt = (address: string) => postRedeem("guess", { "x-forwarded-for": address });
  await attempt(first);
  await stopTheMinute(first);
  await Promise.all(Array.from({ length: 29 }, () => attempt(first)));

  expect((await attempt(`::ffff:${first}`)).status).toBe(429);
  expect((await attempt(`::ffff:${second}`)).status).toBe(404);
});

test("an unknown code takes as long as an expired one", { timeout: 60_000 }, async () => {
  const user = await createUser();
  const service = createTestClient(stack.SECRET_KEY);
  const expired = await issue(user);
  await asPostgres(
    "update public.bridge_tokens set expires_at = now() where user_id = $1",
    [user.profileId],
  );
  const time = async (code: string) => {
    const startedAt = performance.now();
    must(await service.rpc("redeem_bridge_token", { code, client_ip: freshAddress() }));
    return performance.now() - startedAt;
  };

  const times: [unknown: number, expired: number][] = [];
  // Both kinds alternate, so that other load on the machine affects them equally.
  for (let round = 0; round < 100; round += 1) {
    const guess = randomBytes(24).toString("base64url");
    times.push([await time(guess), await time(expired)]);
  }

  const [unknown, known] = ([0, 1] as const).map((kind) =>
    times.map((pair) => pair[kind]).sort((a, b) => a - b)[50]!
  );
  expect(unknown! / known!).toBeGreaterThan(0.7);
  expect(unknown! / known!).toBeLessThan(1.4);
});
