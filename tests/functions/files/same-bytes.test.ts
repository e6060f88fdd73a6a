import { expect, test } from "vitest";
import {
  cleanUp,
  drain,
  indexed,
  objectsOf,
  orphans,
  postFile,
  remoteObjects,
  removeUnregistered,
  upload,
  uploadForm,
  uploadReady,
} from "../../helpers/files.ts";
import { createSession, createUser, must, stack } from "../../helpers/stack.ts";

const user = await createUser();

test("the same bytes again in a session are the same file; in another session they are another file", async () => {
  const sessionId = await createSession(user);
  const first = await uploadReady(user, sessionId, "The very same.", "one.txt");

  const again = await postFile(user, uploadForm(sessionId, "The very same.", "two.txt"));
  const elsewhere = await upload(user, await createSession(user), "The very same.", "one.txt");

  expect(again.status).toBe(200);
  expect(await again.json()).toMatchObject({ id: first.id, file_name: "one.txt" });
  expect(elsewhere.id).not.toBe(first.id);
  await indexed(user, elsewhere.id);
  await drain();
  expect(await orphans()).toEqual([]);
});

test("the same bytes sent twenty times at once leave one row, one object and one file", {
  timeout: 60_000,
}, async () => {
  const racer = await createUser();
  const sessionId = await createSession(racer);
  const before = (await remoteObjects()).files.length;

  // The plan allows twenty files, and each copy counts until it is recognised as a duplicate.
  const sent = await Promise.all(
    Array.from(
      { length: 20 },
      (_, n) =>
        postFile(racer, uploadForm(sessionId, "A race.", "race.txt", { fileFirst: n % 2 === 0 })),
    ),
  );

  const rows = await Promise.all(sent.map((response) => response.json()));
  expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
  expect(sent.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
  await indexed(racer, rows[0].id);
  await drain();
  expect(await objectsOf(racer)).toHaveLength(1);
  expect((await remoteObjects()).files.length).toBe(before + 1);
});

test("an object that the client has uploaded to its own folder is registered once", async () => {
  const sessionId = await createSession(user);
  const path = `${user.profileId}/notes of mine.md`;
  must(await user.client.storage.from("chat-files").upload(path, "# Mine\n\nPut there by hand."));

  const answers = await Promise.all(
    [1, 2].map(() => postFile(user, { session_id: sessionId, storage_path: path })),
  );

  const rows = await Promise.all(answers.map((answer) => answer.json()));
  expect(rows[0].id).toBe(rows[1].id);
  expect(await indexed(user, rows[0].id)).toMatchObject({
    status: "ready",
    file_name: "notes of mine.md",
    file_type: "text/markdown",
    uploaded_as: path,
  });
});

test("an object in another user's folder, or one that does not exist, cannot be registered", async () => {
  const other = await createUser();
  const sessionId = await createSession(user);
  const theirs = `${other.profileId}/secret.txt`;
  must(await other.client.storage.from("chat-files").upload(theirs, "Secret"));

  for (
    const path of [
      theirs,
      `${user.profileId}/../${theirs}`,
      `${user.profileId}/nothing.txt`,
      `/${theirs}`,
      "..",
    ]
  ) {
    const response = await postFile(user, { session_id: sessionId, storage_path: path });
    expect([response.status, (await response.json()).code]).toEqual([404, "object_not_found"]);
  }
  const { data } = await user.client.storage.from("chat-files").download(theirs);
  expect(data).toBeNull();
  const { error } = await user.client.storage.from("chat-files")
    .upload(`${other.profileId}/planted.txt`, "Hello");
  expect(error).not.toBeNull();
  await removeUnregistered();
});

test("a deleted file is deleted everywhere; only its owner can delete it", async () => {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, "Soon forgotten.", "gone.txt");
  const other = await createUser();
  const remove = (accessToken: string) =>
    fetch(`${stack.FUNCTIONS_URL}/files/${file.id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    });

  expect((await remove(other.accessToken)).status).toBe(404);
  expect((await remove(user.accessToken)).status).toBe(204);
  expect((await remove(user.accessToken)).status).toBe(404);

  await drain();
  const { files, vector_stores } = await remoteObjects();
  expect(files.map(({ id }) => id)).not.toContain(file.openai_file_id);
  expect(vector_stores.flatMap(({ file_ids }) => file_ids)).not.toContain(file.openai_file_id);
  expect(await objectsOf(user)).not.toContain(file.storage_path);
});

test("the clean-up is refused without the secret key", async () => {
  const route = `${stack.FUNCTIONS_URL}/vector-store-cleanup`;
  const headers = [{}, { apikey: stack.PUBLISHABLE_KEY }, {
    authorization: `Bearer ${user.accessToken}`,
  }];
  const answers = await Promise.all(
    headers.map((each) =>
      fetch(route, { method: "POST", headers: new Headers(Object.entries(each)) })
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  expect(await cleanUp()).toMatchObject({ failed: 0 });
});
