import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { stackOfFile } from "../../helpers/own-stack.ts";

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off" });

/** Creates a user and a session, on a stack of its own whose functions may be killed. */
async function startOwn() {
  const { stack, status } = ownStack();
  const client = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const { data } = await client.auth.signUp({
    email: `user-${crypto.randomUUID()}@example.com`,
    password: "correct horse battery",
  });
  const session = await client.from("chat_sessions").insert({ assistant_slug: "coach" })
    .select("id").single().throwOnError();
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  onTestFinished(() => database.end());
  const control = (method: string, path: string, body?: unknown) =>
    fetch(new URL(`/_emulator/${path}`, status.OPENAI_BASE_URL), {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  return {
    client,
    database,
    control,
    sessionId: String(session.data.id),
    kill: stack.killFunctions,
    upload(body: BodyInit, headers: Record<string, string> = {}) {
      const init = {
        method: "POST",
        headers: { authorization: `Bearer ${data.session?.access_token}`, ...headers },
        body,
        // Node needs this for a streamed body; the Web's types do not have it.
        duplex: "half",
      };
      return fetch(`${status.FUNCTIONS_URL}/files`, init);
    },
    async cleanUp() {
      const response = await fetch(`${status.FUNCTIONS_URL}/vector-store-cleanup`, {
        method: "POST",
        headers: { apikey: status.SECRET_KEY },
      });
      return await response.json();
    },
  };
}

type Own = Awaited<ReturnType<typeof startOwn>>;

async function fileStatus({ client }: Own) {
  const { data } = await client.from("chat_files").select("status, error").throwOnError();
  return data.map(({ status, error }) => [status, error?.code]);
}

/** Ends all leases and pauses, as ten minutes would, and runs the clean-up. */
async function later(own: Own) {
  await own.database.query(
    "update public.chat_files set retry_at = now() where status in ('pending', 'indexing')",
  );
  await own.database.query(
    "update public.vector_stores set lease_until = now() where status = 'recreating'",
  );
  await own.database.query(
    "update private.remote_deletions set due_at = now() - interval '1 second'",
  );
  return await own.cleanUp();
}

async function remote({ control }: Own) {
  return await (await control("GET", "objects")).json();
}

test("a function killed during an upload leaves a failed file with a reason, no bytes", {
  timeout: 120_000,
}, async () => {
  const own = await startOwn();
  let isCut = false;
  const text = new TextEncoder();
  const head = `--x\r\ncontent-disposition: form-data; name="session_id"\r\n\r\n${own.sessionId}` +
    `\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`;
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(text.encode(head)),
    async pull(controller) {
      if (isCut) return controller.close();
      controller.enqueue(text.encode("Hello ".repeat(10_000)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
  });
  const sending = own.upload(slow, { "content-type": "multipart/form-data; boundary=x" })
    .catch(() => null);
  await vi.waitFor(async () => expect(await fileStatus(own)).toEqual([["pending", undefined]]), {
    timeout: 10_000,
  });

  await own.kill();
  isCut = true;
  await sending;
  await later(own);
  await later(own);

  expect(await fileStatus(own)).toEqual([["failed", "upload_interrupted"]]);
  const { rows } = await own.database.query("select name from storage.objects");
  expect(rows).toEqual([]);
  expect(await remote(own)).toMatchObject({ files: [], vector_stores: [] });
});

test(
  "a function killed while OpenAI reads the file: the clean-up goes on",
  { timeout: 120_000 },
  async () => {
    const own = await startOwn();
    await own.control("PUT", "behaviour", { indexing_ms: 3_000 });
    const form = new FormData();
    form.set("session_id", own.sessionId);
    form.set("file", new File(["The horse is called Comet."], "a.txt"));
    expect((await own.upload(form)).status).toBe(201);
    await vi.waitFor(async () => expect((await remote(own)).files).toHaveLength(1), {
      timeout: 10_000,
    });

    await own.kill();
    await later(own);

    expect(await fileStatus(own)).toEqual([["ready", undefined]]);
    const { files, vector_stores } = await remote(own);
    expect(files).toHaveLength(1);
    const named = await own.database.query("select store_id from public.vector_stores");
    expect(vector_stores.map(({ id }: { id: string }) => id))
      .toEqual(expect.arrayContaining(named.rows.map(({ store_id }) => store_id)));
  },
);

test(
  "a killed clean-up loses nothing: the next ones finish it",
  { timeout: 120_000 },
  async () => {
    const own = await startOwn();
    const count = async () =>
      Number(
        (await own.database.query("select count(*) from private.remote_deletions")).rows[0].count,
      );
    await own.database.query(
      `insert into private.remote_deletions (kind, remote_id)
     select 'file', 'file_' || n from generate_series(1, 600) n`,
    );
    const running = own.cleanUp().catch(() => null);
    await vi.waitFor(async () => expect(await count()).toBeLessThan(590), {
      timeout: 30_000,
      interval: 20,
    });

    await own.kill();
    await running;
    const left = await count();
    expect(left).toBeGreaterThan(0);

    await vi.waitFor(async () => {
      await later(own);
      expect(await count()).toBe(0);
    }, { timeout: 60_000 });
  },
);
