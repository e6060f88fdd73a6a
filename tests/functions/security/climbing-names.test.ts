import { createHash } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFilePorts } from "../../../functions/_shared/session-files/file-ports.ts";
import { registerObject } from "../../../functions/files/register-object.ts";
import type { Database } from "../../../types/database.ts";
import { objectsOf, postFile } from "../../helpers/files.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  deleteObjectRow,
  must,
  stack,
} from "../../helpers/stack.ts";

// A name can begin with the caller's folder and become another address: URL parsers collapse `..` and cut at `?`.
const [victim, thief] = [await createUser(), await createUser()];
const [theirs, own] = [victim.profileId, thief.profileId];
const sessionId = await createSession(thief);
const secret = crypto.randomUUID();
const ofThief = thief.client.storage.from("chat-files");
const harmless = `${own}/harmless.txt`;

beforeAll(async () => {
  must(await victim.client.storage.from("chat-files").upload(`${theirs}/diary.txt`, secret));
  must(await ofThief.upload(harmless, "Hello"));
});

/** Removes the objects, because other tests count objects that no row names. */
afterAll(async () => {
  const names = (await Promise.all([objectsOf(victim), objectsOf(thief)])).flat();
  must(await createTestClient(stack.SECRET_KEY).storage.from("chat-files").remove(names));
});

/** Names that Storage itself accepts, because it checks only characters. */
const names = [
  `${own}/../${theirs}/diary.txt`,
  `${own}/a/../../${theirs}/diary.txt`,
  `${own}/../../other-bucket/file.txt`,
  `${own}/../../../bucket`,
  `${own}/../../../../rest/v1/profiles`,
  `${own}/..`,
  `${own}/./file.txt`,
  `${own}//file.txt`,
  `${own}/folder/`,
  `${own}/file.txt?download=1`,
];

describe.for(names)("a user cannot create an object named %s", (name) => {
  const escaped = encodeURIComponent(name);
  const send = (method: string, path: string, body: BodyInit = "mine") =>
    fetch(`${stack.API_URL}/storage/v1/object${path}`, {
      method,
      headers: {
        apikey: stack.PUBLISHABLE_KEY,
        authorization: `Bearer ${thief.accessToken}`,
        "content-type": "text/plain",
      },
      body,
    });
  const json = (destinationKey: string) =>
    JSON.stringify({ bucketId: "chat-files", sourceKey: harmless, destinationKey });

  test.for(
    [
      ["a copy", () => send("POST", "/copy", json(name))],
      ["a signed upload", () => send("POST", `/upload/sign/chat-files/${escaped}`)],
      ["an upload", () => send("POST", `/chat-files/${escaped}`)],
      ["an update", () => send("PUT", `/chat-files/${escaped}`)],
    ] as const,
  )("by %s", async ([, attempt]) => {
    const response = await attempt();

    expect(await response.json()).toMatchObject({ statusCode: "403" });
    expect(await asPostgres("select from storage.objects where name = $1", [name])).toEqual([]);
  });

  test("by a move", async () => {
    expect((await ofThief.move(harmless, name)).error).not.toBeNull();
    expect(await objectsOf(thief)).toContain(harmless);
  });
});

test("a name with an escaped slash, which storage-js does not escape again, creates no object elsewhere", async () => {
  const name = `${own}/..%2f${theirs}/planted.txt`;

  expect((await ofThief.upload(name, "mine")).error).toMatchObject({ statusCode: "403" });
  expect((await ofThief.createSignedUploadUrl(name)).error).toMatchObject({ statusCode: "403" });
  expect(await objectsOf(victim)).toEqual([`${theirs}/diary.txt`]);
});

/** Inserts an object's row past all policies, with the bytes of the harmless object. */
async function plant(name: string): Promise<void> {
  await asPostgres(
    `insert into storage.objects (bucket_id, name, version, metadata)
     select bucket_id, $1, version, metadata from storage.objects where name = $2`,
    [name, harmless],
  );
}

/** Registers an object as the function does, with the secret key; returns the requested paths and the error. */
async function requestsOf(path: string): Promise<{ paths: Set<string>; error: unknown }> {
  const paths = new Set<string>();
  const recording: typeof fetch = (input, init) => {
    paths.add(new URL(input instanceof Request ? input.url : input).pathname);
    return fetch(input, init);
  };
  const admin = createClient<Database>(stack.API_URL, stack.SECRET_KEY, {
    auth: { persistSession: false },
    global: { fetch: recording },
  });
  const openai = new OpenAI({ apiKey: "none", fetch: recording });
  const log = { info() {}, warn() {}, error() {} };
  const ports = createFilePorts({ openai, log, project: "test", storeDays: 7 }, admin);
  const request = { session_id: sessionId, storage_path: path };
  const error = await registerObject(ports, thief.authId, request).then(() => null, (e) => e);
  return { paths, error };
}

test.for(names)("an existing object with this name is not registered: %s", async (name) => {
  await plant(name);
  try {
    const response = await postFile(thief, { session_id: sessionId, storage_path: name });
    const reply = await response.json();

    expect(reply.sha256).not.toBe(createHash("sha256").update(secret).digest("hex"));
    expect([response.status, reply.code]).toEqual([404, "object_not_found"]);
    expect(await requestsOf(name)).toEqual({
      paths: new Set(["/rest/v1/rpc/open_upload"]),
      error: expect.objectContaining({ code: "object_not_found", status: 404 }),
    });
  } finally {
    await deleteObjectRow("chat-files", name);
  }
  expect(must(await thief.client.from("chat_files").select("id"))).toEqual([]);
});
