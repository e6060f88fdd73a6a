import { afterEach, beforeEach, expect, test } from "vitest";
import {
  clearLookouts,
  due,
  make,
  readRuns,
  runDue,
} from "../../functions/lookouts/lookouts-client.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { upload } from "../../helpers/files.ts";
import { openDevice } from "../../helpers/live-device.ts";
import { resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";

/** The emulator's titles have six words, so this question is not a title. */
const QUESTION = "A private matter that nobody else should ever read about";

beforeEach(clearLookouts);
afterEach(resetOpenAI);

test("a message from another device is announced with its reply, and progress is not", async () => {
  const user = await createUser();
  const session_id = await createSession(user);
  const device = await openDevice(user);

  await (await postChat({ session_id, content: QUESTION }, user.accessToken)).text();
  await device.heard("reply_settled");
  await expect.poll(() => device.events.filter(({ event }) => event === "title_changed"))
    .toHaveLength(2);
  await device.heard("usage_changed");

  const rows = must(await user.client.from("chat_messages").select("id, sender").order("seq"));
  const [question, reply] = rows.map(({ id, sender }) => ({ session_id, message_id: id, sender }));
  const heard = device.events.map(({ event, payload: { id: _id, ...payload } }) => ({
    event,
    payload,
  }));
  expect(heard.toSorted((a, b) => a.event.localeCompare(b.event))).toEqual([
    { event: "message_created", payload: { ...question, status: "complete" } },
    { event: "message_created", payload: { ...reply, status: "streaming" } },
    { event: "reply_settled", payload: { ...reply, status: "complete" } },
    { event: "title_changed", payload: { session_id, title_origin: "question" } },
    { event: "title_changed", payload: { session_id, title_origin: "model" } },
    { event: "usage_changed", payload: {} },
  ]);
});

test("each status of a file is announced", async () => {
  const user = await createUser();
  const session_id = await createSession(user);
  const device = await openDevice(user);

  const { id: file_id } = await upload(user, session_id, "A private note");
  const { payload } = await device.heard("file_changed", "ready");

  expect(payload).toMatchObject({ file_id, session_id, origin: "user", status: "ready" });
  const statuses = device.events.filter(({ event }) => event === "file_changed")
    .map((each) => each.payload.status);
  expect(statuses).toEqual(["pending", "indexing", "ready"]);
});

test("a chat and its title from another device are announced", async () => {
  const user = await createUser();
  const device = await openDevice(user);

  const session_id = await createSession(user);
  must(await user.client.from("chat_sessions").update({ title: "Plans" }).eq("id", session_id));
  must(await user.client.from("chat_sessions").delete().eq("id", session_id));

  await device.heard("chat_deleted");
  expect(device.events).toMatchObject([
    { event: "chat_created", payload: { session_id } },
    { event: "title_changed", payload: { session_id, title_origin: "user" } },
    { event: "chat_deleted", payload: { session_id } },
  ]);
});

test("the reply of a lookout is announced", async () => {
  const user = await createUser();
  const id = await make(user);
  const device = await openDevice(user);

  await due(id);
  await runDue();

  const [run] = await readRuns(user, id);
  const { payload } = await device.heard("reply_settled");
  expect(payload).toMatchObject({ session_id: run?.session_id, status: "complete" });
  expect((await device.heard("chat_created")).payload.session_id).toBe(run?.session_id);
});
