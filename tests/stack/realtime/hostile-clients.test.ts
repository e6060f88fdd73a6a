import { once } from "node:events";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { openDevice } from "../../helpers/live-device.ts";
import { asPostgres, createSession, createUser, stack } from "../../helpers/stack.ts";

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0";

function connect(apiKey = stack.PUBLISHABLE_KEY, headers: Record<string, string> = {}): WebSocket {
  const url = stack.API_URL.replace("http", "ws");
  const query = `apikey=${apiKey}&vsn=2.0.0`;
  const socket = new WebSocket(`${url}/realtime/v1/websocket?${query}`, { headers });
  socket.on("error", () => {});
  onTestFinished(() => socket.terminate());
  return socket;
}

/** Opens a connection, and resolves with it. */
async function open(): Promise<WebSocket> {
  const socket = connect();
  await once(socket, "open");
  return socket;
}

/** Resolves with the status of a refused connection. */
async function refused(socket: WebSocket): Promise<number> {
  const [, response] = await once(socket, "unexpected-response");
  return response.statusCode;
}

const send = (payload: unknown, event: string | null, topic: string) =>
  asPostgres("select realtime.send($1, $2, $3, true)", [JSON.stringify(payload), event, topic]);

// Another test reads what the triggers of Parley have sent.
afterAll(() =>
  asPostgres(
    `delete from realtime.messages
     where event is null or event = 'large' or topic in ('error', 'newListener')`,
  )
);

test("a browser with the secret key is refused, and a server is not", async () => {
  const browser = { "user-agent": BROWSER, origin: "https://app.example" };

  expect(await refused(connect(stack.SECRET_KEY, browser))).toBe(401);
  await once(connect(stack.PUBLISHABLE_KEY, browser), "open");
  await once(connect(stack.SECRET_KEY), "open");
});

test.for<[name: string, data: string | Buffer]>([
  ["no JSON", "{"],
  ["no frame", '{"event":"heartbeat"}'],
  ["a frame with too few parts", '[null,"1","phoenix"]'],
  ["null", "null"],
  ["a frame that is too large", `["1","1","realtime:x","phx_join",{"x":"${"x".repeat(70_000)}"}]`],
])("a client that sends %s loses only its own connection", async ([, data]) => {
  const user = await createUser();
  const device = await openDevice(user);
  const socket = await open();

  socket.send(data);
  await once(socket, "close");

  await createSession(user);
  await device.heard("chat_created");
  expect(device.states.map(({ state }) => state)).toEqual(["SUBSCRIBED"]);
});

test("binary frames and unknown events have no effect", async () => {
  const socket = await open();
  socket.send(Buffer.from([3, 0, 0, 0, 0, 255]));
  socket.send(JSON.stringify(["1", "1", "realtime:user:x", "presence", {}]));
  socket.send(JSON.stringify(["1", "2", "realtime:", "phx_leave", null]));

  const [answer] = await once(socket, "message");
  expect(JSON.parse(String(answer))).toMatchObject([
    "1",
    "2",
    "realtime:",
    "phx_reply",
    { status: "ok" },
  ]);
});

test("rows that are no broadcasts, and topics with special names, end nothing", async () => {
  const user = await createUser();
  const device = await openDevice(user);

  await send({}, null, `user:${user.profileId}`);
  await send({}, "usage_changed", "error");
  await send({}, "usage_changed", "newListener");
  await createSession(user);

  await device.heard("chat_created");
  expect(device.states.map(({ state }) => state)).toEqual(["SUBSCRIBED"]);
  expect(device.events.map(({ event }) => event)).toEqual(["chat_created"]);
});

test("a payload of 250 KB arrives whole", async () => {
  const user = await createUser();
  const device = await openDevice(user);
  const text = "x".repeat(250_000);

  await send({ text }, "large", `user:${user.profileId}`);

  expect((await device.heard("large")).payload.text).toBe(text);
});

test("every one of many connections of a user hears an event", async () => {
  const user = await createUser();
  const devices = await Promise.all(Array.from({ length: 20 }, () => openDevice(user)));

  await createSession(user);

  for (const device of devices) await device.heard("chat_created");
});

test("a client that floods the server delays nobody else", async () => {
  const user = await createUser();
  const device = await openDevice(user);
  const socket = await open();
  const heartbeat = JSON.stringify([null, "1", "phoenix", "heartbeat", {}]);
  for (let frame = 0; frame < 50_000; frame += 1) socket.send(heartbeat);

  await createSession(user);
  await device.heard("chat_created");
  expect(device.states.map(({ state }) => state)).toEqual(["SUBSCRIBED"]);
});
