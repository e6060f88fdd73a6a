import { expect, test } from "vitest";
import type { Session } from "../../../packages/client/src/index.ts";
import { openApp, openVisitor } from "../../helpers/client-app.ts";
import { asPostgres, createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();
const { parley } = await openApp(user);

async function collect(pages: AsyncIterable<Session[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page.map(({ id }) => id));
  return ids;
}

test("the history of a long chat begins with its newest messages", async () => {
  const id = await createSession(user);
  await asPostgres(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content, parts, status)
     select $1, $2, n, 'user', 'm' || n,
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', 'm' || n)), 'complete'
     from generate_series(1, 1200) n`,
    [id, user.profileId],
  );

  // More than the API returns at once.
  const newest = await parley.messages.history(id, { limit: 5_000 });
  const oldest = await parley.messages.history(id, { limit: 5_000, before: newest.before });

  const texts = [...oldest.rows, ...newest.rows].map(({ content }) => content);
  expect(texts).toEqual(Array.from({ length: 1200 }, (_, index) => `m${index + 1}`));
  expect(newest.messages.at(-1)?.parts).toEqual([{ type: "text", text: "m1200" }]);
  expect(oldest.before).toBeNull();
});

test("each chat is listed once, also if chats move to the top meanwhile", async () => {
  const mine = await createUser();
  const app = await openApp(mine);
  const ids: string[] = [];
  for (let count = 0; count < 25; count += 1) ids.unshift(await createSession(mine));
  // Two chats of the same moment are in two pages.
  await asPostgres(
    `update public.chat_sessions
     set updated_at = (select updated_at from public.chat_sessions where id = $1) where id = $2`,
    [ids[4], ids[5]],
  );

  const pages = app.parley.sessions.list({ pageSize: 5 });
  const first = await pages.next();
  await app.parley.sessions.rename(ids[20] ?? "", "Moved");
  const listed = [...(first.value ?? []).map(({ id }) => id), ...await collect(pages)];

  expect(listed.toSorted()).toEqual(ids.toSorted());
});

test("a chat is created, renamed, archived, shared, rated and deleted", async () => {
  const { sessions, chat, messages } = parley;
  const created = await sessions.create({ assistant_slug: "coach" });
  expect(await sessions.rename(created.id, "Rain")).toMatchObject({ title: "Rain" });
  for await (const _ of chat.send({ sessionId: created.id, content: "Hello." }));
  const { rows } = await messages.history(created.id);
  const reply = rows[1]?.id ?? "";
  expect(await messages.rate(reply, 1)).toMatchObject({ feedback: 1 });
  expect(await messages.rate(reply, null)).toMatchObject({ feedback: null });

  const token = await sessions.share(created.id);
  const visitor = openVisitor().parley;
  expect(await visitor.sessions.shared(token)).toMatchObject({ title: "Rain" });
  await sessions.unshare(created.id);
  expect(await visitor.sessions.shared(token)).toBeNull();

  await sessions.archive(created.id);
  expect(await collect(sessions.list())).not.toContain(created.id);
  expect(await collect(sessions.list({ archived: true }))).toEqual([created.id]);
  expect((await sessions.archive(created.id, false)).archived_at).toBeNull();
  await sessions.delete(created.id);
  expect(await sessions.get(created.id)).toBeNull();
});
