import { EventEmitter } from "node:events";
import type { JWTPayload } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { acceptConnection, type BroadcastEvents } from "../../local/realtime/connection.ts";

const DAY = 24 * 60 * 60;
const TOPIC = "realtime:user:1";

/** As much of a WebSocket as a connection uses. */
class FakeSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isPaused = false;
  frames: unknown[][] = [];
  send = (text: string) => void this.frames.push(JSON.parse(text));
  pause = () => void (this.isPaused = true);
  resume = () => void (this.isPaused = false);
  terminate = () => {
    this.readyState = 3;
    this.emit("close");
  };
}

/** Accepts a connection whose tokens all have these claims. */
function connect(claims: JWTPayload = {}) {
  const socket = new FakeSocket();
  const broadcasts = new EventEmitter<BroadcastEvents>();
  acceptConnection(socket as unknown as WebSocket, {
    broadcasts,
    readToken: () => Promise.resolve(claims),
    mayRead: () => Promise.resolve(true),
  });
  const receive = (...frame: unknown[]) => socket.emit("message", JSON.stringify(frame), false);
  const join = async (topic = TOPIC) => {
    receive("1", "1", topic, "phx_join", { access_token: "t", config: { private: true } });
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.frames.at(-1)?.[3]).toBe("phx_reply");
  };
  const broadcast = (event: string) =>
    broadcasts.emit(TOPIC, { id: "1", topic: "user:1", event, payload: {} });
  const events = () => socket.frames.map(([, , , event]) => event);
  return { socket, broadcasts, receive, join, broadcast, events };
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a connection ends after a minute without a message", async () => {
  const { socket, receive, join, broadcasts } = connect({ exp: inSeconds(DAY) });
  await join();

  await vi.advanceTimersByTimeAsync(50_000);
  receive(null, "2", "phoenix", "heartbeat", {});
  await vi.advanceTimersByTimeAsync(50_000);
  expect(socket.readyState).toBe(socket.OPEN);

  await vi.advanceTimersByTimeAsync(10_000);
  expect(socket.readyState).not.toBe(socket.OPEN);
  expect(broadcasts.listenerCount(TOPIC)).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test.each([60, 2 * 60 * 60, 30 * DAY])(
  "a token of %i seconds closes its channel when it expires, and not earlier",
  async (seconds) => {
    const { receive, join, events } = connect({ exp: inSeconds(seconds) });
    await join();
    const heartbeat = setInterval(() => receive(null, "2", "phoenix", "heartbeat", {}), 55_000);

    await vi.advanceTimersByTimeAsync((seconds - 2) * 1000);
    expect(events()).not.toContain("phx_close");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(events()).toContain("phx_close");
    clearInterval(heartbeat);
  },
);

test("a client that does not read loses its connection, so what waits for it cannot grow", async () => {
  const { socket, join, broadcast } = connect({ exp: inSeconds(DAY) });
  await join();
  broadcast("usage_changed");
  expect(socket.frames.at(-1)?.[3]).toBe("broadcast");

  socket.bufferedAmount = 5 * 1024 * 1024;
  broadcast("usage_changed");
  expect(socket.readyState).not.toBe(socket.OPEN);
});

test("a client that sends faster than it is served waits", async () => {
  const { socket, receive, events } = connect();
  receive(null, "1", "phoenix", "heartbeat", {});
  receive(null, "2", "phoenix", "heartbeat", {});
  expect(socket.isPaused).toBe(true);

  await vi.advanceTimersByTimeAsync(0);
  expect(socket.isPaused).toBe(false);
  expect(events()).toEqual(["phx_reply", "phx_reply"]);
});

test("an API key or the same token in place of a new token changes nothing", async () => {
  const { receive, join, broadcast, events } = connect({ exp: inSeconds(DAY) });
  await join();
  for (const access_token of ["sb_publishable_x", "t", null]) {
    receive("1", "2", TOPIC, "access_token", { access_token });
  }
  await vi.advanceTimersByTimeAsync(0);

  broadcast("usage_changed");
  expect(events()).toEqual(["phx_reply", "broadcast"]);
});

test("a channel that is joined again hears each event once", async () => {
  const { join, broadcast, broadcasts, events } = connect({ exp: inSeconds(DAY) });
  for (let times = 0; times < 100; times += 1) await join();

  broadcast("usage_changed");
  expect(events().filter((event) => event === "broadcast")).toHaveLength(1);
  expect(broadcasts.listenerCount(TOPIC)).toBe(1);
});

test("a connection joins 100 channels and no more", async () => {
  const { socket, join } = connect({ exp: inSeconds(DAY) });
  for (let number = 1; number <= 100; number += 1) await join(`realtime:room:${number}`);
  expect(socket.frames.map(([, , , , payload]) => payload))
    .not.toContainEqual(expect.objectContaining({ status: "error" }));

  await join("realtime:room:101");
  expect(socket.frames.at(-1)?.[4]).toEqual({
    status: "error",
    response: { reason: "ChannelRateLimitReached: Too many channels" },
  });
  await join("realtime:room:100");
  expect(socket.frames.at(-1)?.[4]).toMatchObject({ status: "ok" });
});
