import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createClient } from "@supabase/supabase-js";
import { decodeJwt, importJWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import type { Database } from "../../../types/database.ts";
import { join, openDevice } from "../../helpers/live-device.ts";
import {
  type Client,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  stateDir,
  type TestUser,
} from "../../helpers/stack.ts";

const keys = JSON.parse(await readFile(path.join(stateDir, "keys.json"), "utf8"));

/** Signs a token for the sign-in of a user that expires after some seconds. */
async function shortToken(user: TestUser, seconds: number): Promise<string> {
  const { session_id } = decodeJwt(user.accessToken);
  const claims = { sub: user.authId, role: "authenticated", aud: "authenticated", session_id };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: keys.signingKey.kid })
    .setIssuer(`${stack.API_URL}/auth/v1`)
    .setExpirationTime(Math.ceil(Date.now() / 1000) + seconds)
    .sign(await importJWK(keys.signingKey, "ES256"));
}

function clientWith(accessToken: () => string, key = stack.PUBLISHABLE_KEY): Client {
  const get = () => Promise.resolve(accessToken());
  return createClient<Database>(stack.API_URL, key, { accessToken: get });
}

/** Sends a broadcast as text, as older clients do, and resolves when the server has read it. */
async function sendAsText(topic: string): Promise<void> {
  const address = stack.API_URL.replace("http", "ws");
  const query = `apikey=${stack.PUBLISHABLE_KEY}&vsn=2.0.0`;
  const socket = new WebSocket(`${address}/realtime/v1/websocket?${query}`);
  await once(socket, "open");
  const payload = { type: "broadcast", event: "reply_settled", payload: {} };
  socket.send(JSON.stringify([null, "1", topic, "broadcast", payload]));
  socket.send(JSON.stringify([null, "2", "phoenix", "heartbeat", {}]));
  await once(socket, "message");
  socket.close();
}

test("a user cannot join the channel of another user", async () => {
  const [user, other] = [await createUser(), await createUser()];
  const joined = await join(user.client, `user:${other.profileId}`);

  await joined.reached("CHANNEL_ERROR");
  expect(joined.states[0]?.message).toContain("Unauthorized");
});

test("a channel needs the token of a user", async () => {
  const user = await createUser();
  const withoutUser = await join(createTestClient(), `user:${user.profileId}`);
  await withoutUser.reached("CHANNEL_ERROR");
  const forged = clientWith(() => `${user.accessToken.slice(0, -8)}AAAAAAAA`);
  const joined = await join(forged, `user:${user.profileId}`);
  await joined.reached("CHANNEL_ERROR");
  expect(joined.states[0]?.message).toContain("InvalidJWTToken");
});

test("a connection needs a key of the stack", async () => {
  const user = await createUser();
  const joined = await join(
    clientWith(() => user.accessToken, "sb_publishable_x"),
    `user:${user.profileId}`,
  );

  await joined.reached("CHANNEL_ERROR");
});

test("a channel that is not private is refused with a sentence", async () => {
  const user = await createUser();
  const joined = await join(user.client, `user:${user.profileId}`, { private: false });

  await joined.reached("CHANNEL_ERROR");
  expect(joined.states[0]?.message).toContain(
    "Only private channels with broadcasts are available",
  );
});

test("broadcasts of clients reach nobody", async () => {
  const user = await createUser();
  const [device, sender] = [await openDevice(user), await openDevice(user)];

  const sent = await sender.channel.send({
    type: "broadcast",
    event: "reply_settled",
    payload: {},
  });
  expect(sent).toBe("ok");
  await sendAsText(sender.channel.topic);
  const byHttp = await sender.channel.httpSend("reply_settled", {}).catch(String);
  expect(byHttp).not.toMatchObject({ success: true });

  await createSession(user);
  await device.heard("chat_created");
  await sender.heard("chat_created");
  expect([...device.events, ...sender.events].map(({ event }) => event))
    .toEqual(["chat_created", "chat_created"]);
});

test("a channel closes when its token expires, unless the token was renewed", async () => {
  const user = await createUser();
  const token = await shortToken(user, 3);
  const topic = `user:${user.profileId}`;
  let renewedToken = token;
  const renewing = clientWith(() => renewedToken);
  const renewed = await join(renewing, topic);
  await renewed.reached("SUBSCRIBED");
  const expiring = await join(clientWith(() => token), topic);
  await expiring.reached("SUBSCRIBED");

  renewedToken = await shortToken(user, 600);
  await renewing.realtime.setAuth();
  await expiring.reached("CLOSED");
  await createSession(user);

  await renewed.heard("chat_created");
  expect(renewed.states.map(({ state }) => state)).toEqual(["SUBSCRIBED"]);
  expect(expiring.events).toEqual([]);
});

test("a renewal with the token of another user closes the channel", async () => {
  const [user, other] = [await createUser(), await createUser()];
  let token = user.accessToken;
  const client = clientWith(() => token);
  const joined = await join(client, `user:${user.profileId}`);
  await joined.reached("SUBSCRIBED");

  token = other.accessToken;
  await client.realtime.setAuth();

  await joined.reached("CLOSED");
});

test("after a sign-out, a channel can be neither joined nor renewed", async () => {
  const user = await createUser();
  const topic = `user:${user.profileId}`;
  let token = user.accessToken;
  const client = clientWith(() => token);
  const joined = await join(client, topic);
  await joined.reached("SUBSCRIBED");
  must(await user.client.auth.signOut().then(({ error }) => ({ data: null, error })));

  token = await shortToken(user, 600);
  await client.realtime.setAuth();
  await joined.reached("CLOSED");
  const again = await join(clientWith(() => token), topic);
  await again.reached("CHANNEL_ERROR");
  expect(again.states[0]?.message).toContain("Unauthorized");
});
