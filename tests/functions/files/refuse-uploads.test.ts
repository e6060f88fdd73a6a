import { afterEach, expect, test } from "vitest";
import {
  cleanUp,
  hasten,
  objectsOf,
  postFile,
  upload,
  uploadForm,
  uploadReady,
} from "../../helpers/files.ts";
import { resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, stack } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();
const sessionId = await createSession(user);

async function refusal(response: Response) {
  const { code, details } = await response.json();
  return { status: response.status, code, details };
}

async function rowsOf(session: string) {
  return must(await user.client.from("chat_files").select().eq("session_id", session));
}

test("an empty file and a form without a file are refused", async () => {
  expect(await refusal(await postFile(user, uploadForm(sessionId, "", "empty.txt"))))
    .toMatchObject({ status: 400, code: "empty_file" });
  const form = new FormData();
  form.set("session_id", sessionId);
  expect(await refusal(await postFile(user, form))).toMatchObject({
    status: 400,
    code: "invalid_form",
  });
  expect(await rowsOf(sessionId)).toEqual([]);
});

test("a message_id that follows the file is refused, because the row is already made without it", async () => {
  const session = await createSession(user);
  const form = uploadForm(session, "hello", "hello.txt");
  form.append("message_id", crypto.randomUUID());

  const answer = await refusal(await postFile(user, form));

  expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await rowsOf(session)).toEqual([]);
});

test.for<[name: string, type: string, bytes: number[]]>([
  ["run.txt", "text/plain", [0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0]],
  ["picture.png", "image/png", [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]],
  ["archive.zip", "application/zip", [0x50, 0x4b, 3, 4, 20, 0]],
  ["song.mp3", "audio/mpeg", [0xff, 0xfb, 0x90, 0]],
])("%s is refused for its content, whatever type it claims", async ([name, type, bytes]) => {
  const form = uploadForm(sessionId, Uint8Array.from(bytes), name, { type });

  const answer = await refusal(await postFile(user, form));

  expect(answer).toMatchObject({ status: 415, code: "unsupported_file_type" });
  expect(answer.details.supported).toEqual(expect.arrayContaining([".pdf", ".md", ".docx"]));
});

test("the content decides the kind: a PDF named .png is a document", async () => {
  const session = await createSession(user);
  const row = await upload(user, session, "%PDF-1.4 not really", "photo.png");
  expect(row).toMatchObject({ file_type: "application/pdf", file_name: "photo.png" });
});

test(
  "a file one byte larger than the plan allows is refused, and nothing of it stays",
  { timeout: 60_000 },
  async () => {
    const session = await createSession(user);
    const before = await objectsOf(user);
    const bytes = new Uint8Array(50 * 1024 * 1024 + 1).fill(97);

    for (const fileFirst of [false, true]) {
      const form = uploadForm(session, bytes, "large.txt", { fileFirst });
      expect(await refusal(await postFile(user, form))).toMatchObject({
        status: 413,
        code: "file_too_large",
        details: { max_bytes: 50 * 1024 * 1024 },
      });
    }

    expect(await rowsOf(session)).toEqual([]);
    expect(await objectsOf(user)).toEqual(before);
  },
);

test("a session that is unknown or another user's is not found, wherever the form names it", async () => {
  const other = await createUser();
  const foreign = await createSession(other);
  for (const session of [foreign, crypto.randomUUID()]) {
    for (const fileFirst of [false, true]) {
      const form = uploadForm(session, "Hello", "a.txt", { fileFirst });
      expect(await refusal(await postFile(user, form)))
        .toMatchObject({ status: 404, code: "session_not_found" });
    }
  }
  await hasten();
  await cleanUp();
  expect((await objectsOf(user)).some((name) => name.endsWith("/a.txt"))).toBe(false);
});

test("one file more than the plan allows in a session is refused, also among concurrent uploads", {
  timeout: 60_000,
}, async () => {
  const session = await createSession(user);
  const sent = await Promise.all(
    Array.from(
      { length: 22 },
      (_, n) => postFile(user, uploadForm(session, `File number ${n}`, `n-${n}.txt`)),
    ),
  );

  const statuses = sent.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(20);
  expect(statuses.filter((status) => status === 402)).toHaveLength(2);
  expect(await rowsOf(session)).toHaveLength(20);
});

test("a blocked account uploads nothing, neither through the function nor straight to Storage", async () => {
  const banned = await createUser();
  const session = await createSession(banned);
  await asPostgres("update public.profiles set role = 'banned' where id = $1", [banned.profileId]);

  expect(await refusal(await postFile(banned, uploadForm(session, "Hello", "a.txt"))))
    .toMatchObject({ status: 403, code: "account_blocked" });
  const { error } = await banned.client.storage.from("chat-files")
    .upload(`${banned.profileId}/a.txt`, "Hello");
  expect(error).not.toBeNull();
});

test("a form that is cut off leaves nothing, or a row that says why; other bodies are refused", async () => {
  const broken = (body: string, type: string) =>
    fetch(`${stack.FUNCTIONS_URL}/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${user.accessToken}`, "content-type": type },
      body,
    });
  const session = await createSession(user);
  const start = `--x\r\ncontent-disposition: form-data; name="session_id"\r\n\r\n${session}\r\n` +
    `--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`;

  for (const content of ["Hello", "Hello ".repeat(2_000)]) {
    expect((await broken(start + content, "multipart/form-data; boundary=x")).status).toBe(400);
  }
  expect((await broken("x", "multipart/form-data")).status).toBe(400);
  expect((await broken("nothing", "multipart/form-data; boundary=x")).status).toBe(400);
  expect((await broken("{", "application/json")).status).toBe(400);

  expect((await rowsOf(session)).map(({ status, error }) => [status, error])).toEqual([
    ["failed", expect.objectContaining({ code: "upload_interrupted" })],
  ]);
});

test("a file in a turn must be the caller's, of the session, and ready; nothing is charged", async () => {
  const other = await createUser();
  const foreign = await uploadReady(other, await createSession(other), "Secret");
  const elsewhere = await uploadReady(user, await createSession(user), "Elsewhere");
  const [used] = await asPostgres("select subscription_usage from public.profiles where id = $1", [
    user.profileId,
  ]);
  const send = async (fileId: string, url = `parley:file/${fileId}`) => {
    const parts = [{ type: "text", text: "Hi" }, { type: "file", mediaType: "text/plain", url }];
    const message = { id: crypto.randomUUID(), role: "user", parts };
    return await refusal(
      await fetch(`${stack.FUNCTIONS_URL}/chat`, {
        method: "POST",
        headers: { authorization: `Bearer ${user.accessToken}` },
        body: JSON.stringify({ id: sessionId, message }),
      }),
    );
  };

  for (const id of [foreign.id, elsewhere.id, crypto.randomUUID()]) {
    expect(await send(id)).toMatchObject({ status: 404, code: "file_not_found" });
  }
  expect(await send("", "data:text/plain,Hi")).toMatchObject({ status: 400, code: "upload_first" });
  expect(await send("", "https://example.com/a.txt")).toMatchObject({
    status: 400,
    code: "invalid_request",
  });
  const [failed] = await asPostgres<{ id: string }>(
    `insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path, status)
     values ($1, $2, 'a.txt', 'text/plain', gen_random_uuid(), 'failed') returning id`,
    [user.profileId, sessionId],
  );
  expect(await send(failed?.id ?? "")).toMatchObject({ status: 409, code: "file_not_ready" });
  const [now] = await asPostgres("select subscription_usage from public.profiles where id = $1", [
    user.profileId,
  ]);
  expect(now).toEqual(used);
});
