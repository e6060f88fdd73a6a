import { expect, onTestFinished, test, vi } from "vitest";
import { openApp } from "../../helpers/client-app.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();

async function openListener() {
  const app = await openApp(user);
  const events: { event: string }[] = [];
  const hear = (event: { event: string }) => void events.push(event);
  const { live } = app.parley;
  const stops = [
    live.onChat(hear),
    live.onTitle(hear),
    live.onMessage(hear),
    live.onFile(hear),
    live.onUsage(hear),
  ];
  const leave = () => stops.forEach((stop) => stop());
  onTestFinished(leave);
  await expect.poll(() => app.supabase.getChannels()[0]?.state).toBe("joined");
  return { ...app, events, leave };
}

test("a device hears what another device does", async () => {
  const { events } = await openListener();
  const { parley } = await openApp(user);

  const chat = await parley.sessions.create({ assistant_slug: "coach" });
  for await (const _ of parley.chat.send({ sessionId: chat.id, content: "Hello." }));
  await parley.files.upload(new File(["Rain."], "rain.md"), { sessionId: chat.id });
  await parley.sessions.rename(chat.id, "Rain");
  await parley.sessions.delete(chat.id);

  await expect.poll(() => new Set(events.map(({ event }) => event)), { timeout: 20_000 }).toEqual(
    new Set([
      "chat_created",
      "message_created",
      "usage_changed",
      "reply_settled",
      "title_changed",
      "file_changed",
      "chat_deleted",
    ]),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ event: "reply_settled", session_id: chat.id, status: "complete" }),
  );
});

test("all listeners share one channel, and the last one leaves it", async () => {
  const { supabase, leave } = await openListener();
  expect(supabase.getChannels()).toHaveLength(1);
  leave();
  await expect.poll(() => supabase.getChannels()).toEqual([]);
});

test("a listener that left hears nothing more", async () => {
  const { parley, supabase } = await openApp(user);
  const first = vi.fn();
  const second = vi.fn();
  onTestFinished(parley.live.onChat(first));
  parley.live.onChat(second)();
  await expect.poll(() => supabase.getChannels()[0]?.state).toBe("joined");
  const id = await createSession(user);
  await expect.poll(() => first.mock.calls).toEqual([[
    expect.objectContaining({ event: "chat_created", session_id: id }),
  ]]);
  expect(second).not.toHaveBeenCalled();
});

test("a listener that leaves and comes back at once, as React does it, hears again", async () => {
  const { parley, supabase } = await openApp(user);
  const listener = vi.fn();
  for (let count = 0; count < 3; count += 1) {
    parley.live.onChat(listener)();
    const stop = parley.live.onChat(listener);
    await expect.poll(() => supabase.getChannels()[0]?.state).toBe("joined");
    stop();
  }
  onTestFinished(parley.live.onChat(listener));
  await expect.poll(() => supabase.getChannels()[0]?.state).toBe("joined");

  const id = await createSession(user);

  await expect.poll(() => listener.mock.calls).toEqual([[
    expect.objectContaining({ event: "chat_created", session_id: id }),
  ]]);
});

test("each join of the channel tells the listeners that they may have missed something", async () => {
  const { parley, supabase } = await openApp(user);
  const joined = vi.fn();
  onTestFinished(parley.live.onJoin(joined));
  await expect.poll(() => joined.mock.calls.length).toBe(1);

  await supabase.realtime.disconnect();
  supabase.realtime.connect();

  await expect.poll(() => joined.mock.calls.length, { timeout: 20_000 }).toBe(2);
});

test("another user hears another channel", async () => {
  const { supabase, events } = await openListener();
  const other = await createUser();
  const { email, password } = other;
  await supabase.auth.signInWithPassword({ email, password });
  await expect.poll(() => supabase.getChannels().map(({ topic, state }) => [topic, state])).toEqual(
    [
      [`realtime:user:${other.profileId}`, "joined"],
    ],
  );
  events.length = 0;
  await createSession(user);
  const id = await createSession(other);
  await expect.poll(() => events).toEqual([
    expect.objectContaining({ event: "chat_created", session_id: id }),
  ]);
});

test("a device without a user joins when somebody signs in", async () => {
  const { parley, supabase } = await openApp(user);
  await supabase.auth.signOut({ scope: "local" });
  onTestFinished(parley.live.onChat(() => {}));
  expect(supabase.getChannels()).toEqual([]);
  const { email, password } = user;
  await supabase.auth.signInWithPassword({ email, password });
  await expect.poll(() => supabase.getChannels()[0]?.state).toBe("joined");
});
