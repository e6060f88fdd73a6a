// An object that a user has put into Storage and registered. What the user still holds of its address — a signed
// upload, a slow upload — must not change the file, and links to it are downloads.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, expect, test, vi } from "vitest";
import { readExport } from "../../helpers/account.ts";
import { drain, indexed, objectsOf, postFile, upload, uploadForm } from "../../helpers/files.ts";
import { raceBehind } from "../../helpers/race-behind.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { countOnDisk } from "../../stack/storage/storage-helpers.ts";

const bucketOf = (user: TestUser) => user.client.storage.from("chat-files");
/** Objects that nobody has registered. */
const unregistered: string[] = [];
afterAll(async () => {
  const admin = createTestClient(stack.SECRET_KEY);
  must(await admin.storage.from("chat-files").remove(unregistered));
});

const anybody = createTestClient().storage.from("chat-files");

/** Puts an object into the user's folder, and registers it in a new session. */
async function register(user: TestUser, path: string, fields: Record<string, unknown> = {}) {
  const sessionId = await createSession(user);
  return await postFile(user, { session_id: sessionId, storage_path: path, ...fields });
}

async function contentOf(user: TestUser, path: string): Promise<string> {
  return await must(await bucketOf(user).download(path)).text();
}

test("an address that was signed before the registration cannot change the file, also after a suspension", async () => {
  const user = await createUser();
  const path = `${user.profileId}/letter.txt`;
  const signed = must(await bucketOf(user).createSignedUploadUrl(path, { upsert: true }));
  must(await anybody.uploadToSignedUrl(path, signed.token, "The horse is called Comet."));
  const response = await register(user, path);
  expect(response.status).toBe(201);
  const row = await response.json();
  await asPostgres("update public.profiles set is_active = false where id = $1", [user.profileId]);

  unregistered.push(path);
  // The address still works, because Storage checks no rights when it is used.
  must(await anybody.uploadToSignedUrl(path, signed.token, "The horse is called Ceres."));

  await asPostgres("update public.profiles set is_active = true where id = $1", [user.profileId]);
  expect(await contentOf(user, row.storage_path)).toBe("The horse is called Comet.");
  expect(await indexed(user, row.id)).toMatchObject({ status: "ready", uploaded_as: path });
});

test("nobody can sign an address for the name of a file, or upload to it", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  const { storage_path } = await upload(user, sessionId, "The cow is called Daisy.", "cow.txt");
  // Even if the object itself is lost, its name stays taken.
  must(await createTestClient(stack.SECRET_KEY).storage.from("chat-files").remove([storage_path]));

  const signing = await bucketOf(user).createSignedUploadUrl(storage_path, { upsert: true });
  const uploading = await bucketOf(user).upload(storage_path, "The cow is called Rose.");

  expect(signing.error).toMatchObject({ statusCode: "403" });
  expect(uploading.error).toMatchObject({ statusCode: "403" });
});

test("a slow upload that began before the registration does not change the file", async () => {
  const user = await createUser();
  const path = `${user.profileId}/slow.txt`;
  const slow = httpRequest(`${stack.API_URL}/storage/v1/object/chat-files/${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      apikey: stack.PUBLISHABLE_KEY,
      "content-type": "text/plain",
    },
  });
  const answered = once(slow, "response");
  const beginning = `${randomUUID()} is called `;
  slow.write(beginning);
  // Storage has checked the rights once bytes are on the disk.
  await vi.waitFor(async () => expect(await countOnDisk(beginning)).toBe(1));
  must(await bucketOf(user).upload(path, "The dog is called Rex."));
  const row = await (await register(user, path)).json();

  slow.end("Fang.");
  unregistered.push(path);
  const [response] = await answered;
  expect(JSON.parse(await text(response))).toMatchObject({ Key: `chat-files/${path}` });

  expect(await contentOf(user, row.storage_path)).toBe("The dog is called Rex.");
  // What came late is an object that nobody has registered. The clean-up deletes it within a day.
  expect(await contentOf(user, path)).toBe(`${beginning}Fang.`);
});

test("an object of more bytes than the bucket allows is not registered, however it came", async () => {
  const user = await createUser();
  const path = `${user.profileId}/long.txt`;
  unregistered.push(path);
  const bytes = new Uint8Array(52_428_801).fill(0x61);
  must(await bucketOf(user).upload(path, new Blob([bytes]).stream(), { duplex: "half" }));

  const response = await register(user, path);

  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({
    code: "file_too_large",
    details: { max_bytes: 52_428_800 },
  });
});

test("an object is registered once, and an object that comes to its name later is another file", async () => {
  const user = await createUser();
  const session_id = await createSession(user);
  const storage_path = `${user.profileId}/notes.txt`;
  const body = { session_id, storage_path, file_name: "Notizen für Anna.txt" };
  must(await bucketOf(user).upload(storage_path, "One."));
  const first = await postFile(user, body);
  const again = await postFile(user, body);
  must(await bucketOf(user).upload(storage_path, "Two."));
  const second = await postFile(user, body);

  const rows = await Promise.all([first, again, second].map((response) => response.json()));
  expect([first, again, second].map(({ status }) => status)).toEqual([201, 200, 201]);
  expect(rows[0]).toMatchObject({ id: rows[1].id, file_name: "Notizen für Anna.txt" });
  expect(rows[2].id).not.toBe(rows[0].id);
  expect(await contentOf(user, rows[0].storage_path)).toBe("One.");
  expect(await contentOf(user, rows[2].storage_path)).toBe("Two.");
  const other = await postFile(user, { ...body, session_id: await createSession(user) });
  expect(await other.json()).toMatchObject({ code: "object_in_use" });
});

test("two requests that register one object at the same time make one file", async () => {
  const user = await createUser();
  const session_id = await createSession(user);
  const storage_path = `${user.profileId}/twice.txt`;
  must(await bucketOf(user).upload(storage_path, "Once."));
  const lock = "select from public.profiles where id = $1 for update";
  const post = () => postFile(user, { session_id, storage_path });

  const responses = await raceBehind(lock, [user.profileId], [post, post]);

  expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 201]);
  const ids = await Promise.all(responses.map(async (response) => (await response.json()).id));
  expect(ids[0]).toBe(ids[1]);
  await drain();
  expect(await objectsOf(user)).toHaveLength(1);
});

test("the links of an export are downloads under the name of the file", async () => {
  const user = await createUser();
  const session_id = await createSession(user);
  await upload(
    user,
    session_id,
    "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "Grüße & mehr.txt",
  );

  const { chat_files } = await readExport(user);

  const response = await fetch(chat_files[0]?.download_url ?? "");
  expect(response.headers.get("content-disposition")).toBe(
    "attachment; filename=Gr%C3%BC%C3%9Fe%20%26%20mehr.txt; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%26%20mehr.txt;",
  );
});

test("the plan limits the files and bytes of all chats together, also for parallel uploads", async () => {
  const user = await createUser();
  const sessions = await Promise.all([1, 2, 3].map(() => createSession(user)));
  await asPostgres(
    "update public.plans set max_files = 4, max_bytes = 30, max_session_files = 3 where slug = 'free'",
  );
  try {
    const replies = await Promise.all(
      Array.from(
        { length: 9 },
        (_, index) =>
          postFile(user, uploadForm(sessions[index % 3] ?? "", `file ${index}`, `${index}.txt`)),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(4);
    const refused = replies.filter(({ status }) => status !== 201);
    for (const reply of refused) {
      expect([reply.status, await reply.json()]).toMatchObject([402, { code: "storage_full" }]);
    }
    await asPostgres("update public.plans set max_files = 100 where slug = 'free'");
    const another = await createSession(user);
    const tooMuch = await postFile(user, uploadForm(another, "seven bytes", "more.txt"));
    expect([tooMuch.status, await tooMuch.json()]).toMatchObject([402, {
      code: "storage_full",
      // The refused file has a row until it is dropped.
      details: { max_bytes: 30, bytes: 24 },
    }]);
    await drain();
    expect(await objectsOf(user)).toHaveLength(4);
  } finally {
    await asPostgres(
      "update public.plans set max_files = 100, max_bytes = 1073741824, max_session_files = 20 where slug = 'free'",
    );
  }
});
