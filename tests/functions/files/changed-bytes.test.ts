import { expect, test } from "vitest";
import {
  commandOpenAI,
  drain,
  indexed,
  objectsOf,
  remoteObjects,
  uploadReady,
} from "../../helpers/files.ts";
import { createSession, createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

const user = await createUser();

test("a file that OpenAI lost and whose stored bytes have changed fails; the others stay searchable", async () => {
  const sessionId = await createSession(user);
  const changed = await uploadReady(user, sessionId, "The horse is called Comet.", "a.txt");
  const kept = await uploadReady(user, sessionId, "The cow is called Daisy.", "b.txt");
  const bucket = createTestClient(stack.SECRET_KEY).storage.from("chat-files");
  must(await bucket.update(changed.storage_path, "The horse is called Ceres."));
  const store = must(
    await user.client.from("vector_stores").select("store_id").eq("session_id", sessionId).single(),
  );
  await commandOpenAI(`files/${changed.openai_file_id}/forget`);
  await commandOpenAI(`vector_stores/${store.store_id}/expire`);

  const added = await uploadReady(user, sessionId, "The dog is called Rex.", "c.txt");

  expect(await indexed(user, changed.id)).toMatchObject({
    status: "failed",
    openai_file_id: null,
    error: { code: "file_changed", message: expect.stringContaining("Upload the file again") },
  });
  const { store_id } = must(
    await user.client.from("vector_stores").select("store_id").eq("session_id", sessionId).single(),
  );
  const { vector_stores } = await remoteObjects();
  expect(new Set(vector_stores.find(({ id }) => id === store_id)?.file_ids))
    .toEqual(new Set([kept.openai_file_id, added.openai_file_id]));
  await drain();
  // The bytes stay as long as the row does.
  expect(new Set(await objectsOf(user))).toEqual(
    new Set([changed.storage_path, kept.storage_path, added.storage_path]),
  );
});
