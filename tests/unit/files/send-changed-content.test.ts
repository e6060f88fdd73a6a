import { createHash } from "node:crypto";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { buildStore } from "../../../functions/_shared/session-files/build-store.ts";
import type {
  FileDatabase,
  FileRow,
} from "../../../functions/_shared/session-files/file-database.ts";
import type { FilePorts } from "../../../functions/_shared/session-files/file-ports.ts";
import type { FileStorage } from "../../../functions/_shared/session-files/file-storage.ts";
import { collectionOf } from "../../../functions/_shared/session-files/collection.ts";
import { indexFile } from "../../../functions/_shared/session-files/index-file.ts";

const REGISTERED = "registered bytes";
const sha256 = createHash("sha256").update(REGISTERED).digest("hex");

function rowOf(values: Partial<FileRow> = {}): FileRow {
  return {
    id: "file",
    session_id: "session",
    assistant_slug: null,
    user_id: "user",
    message_id: null,
    file_name: "picture.png",
    file_type: "image/png",
    file_size: REGISTERED.length,
    sha256,
    storage_path: "user/picture.png",
    uploaded_as: null,
    openai_file_id: null,
    vector_store_id: null,
    origin: "user",
    status: "indexing",
    error: null,
    indexing_since: "2026-03-08T09:00:00Z",
    retry_at: null,
    created_at: "2026-03-08T09:00:00Z",
    updated_at: "2026-03-08T09:00:00Z",
    ...values,
  };
}

/** One chunk for each letter, so that bytes could be sent before the end is known. */
function letters(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const byte of new TextEncoder().encode(text)) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
}

/** Storage that answers each read with the next content, and OpenAI, which keeps the files that arrive whole. */
function world({ readings, rows = [] }: { readings: string[]; rows?: FileRow[] }) {
  const ends: Record<string, string> = {};
  const uploads: { whole: boolean; text: string }[] = [];
  const methods: Partial<FileDatabase> = {
    listSearchable: () => Promise.resolve(rows),
    setOpenAIFile: () => Promise.resolve(true),
    settle: (id) => Promise.resolve(void (ends[id] = "ready")),
    fail: (id, { code }) => Promise.resolve(void (ends[id] = code)),
    finishStore: (_claim, { storeId }) => {
      ends[storeId] = "made";
      return Promise.resolve(true);
    },
  };
  const storage: Partial<FileStorage> = {
    open: () => Promise.resolve(letters(readings.shift() ?? "")),
  };
  const answer: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    if (request.method === "GET") {
      return Response.json({ error: { message: "gone" } }, { status: 404 });
    }
    if (pathname.endsWith("/vector_stores")) return Response.json({ id: "vs_1", created_at: 0 });
    if (pathname.endsWith("/file_batches")) {
      return Response.json({ id: "b", status: "completed", file_counts: { failed: 0 } });
    }
    const upload = { whole: false, text: "" };
    uploads.push(upload);
    for await (const chunk of request.body ?? []) upload.text += new TextDecoder().decode(chunk);
    upload.whole = true;
    return Response.json({ id: "file_1" });
  };
  // Methods that these tests do not reach are missing.
  const ports = {
    openai: new OpenAI({ apiKey: "none", maxRetries: 0, logLevel: "off", fetch: answer }),
    log: { info() {}, warn() {}, error() {} },
    project: "test",
    storeDays: 7,
    files: methods as FileDatabase,
    storage: storage as FileStorage,
  } satisfies FilePorts;
  return { ports, ends, uploads };
}

test("bytes that match the registered digest are sent as they are", async () => {
  const { ports, ends, uploads } = world({ readings: [REGISTERED, REGISTERED] });

  await indexFile(ports, rowOf());

  expect(ends).toEqual({ file: "ready" });
  expect(uploads).toEqual([{ whole: true, text: expect.stringContaining(REGISTERED) }]);
});

test.for(["registered bytez", "registered byte", "registered bytes and more", ""])(
  "changed bytes are not sent, and the file says why: %j",
  async (changed) => {
    const { ports, ends, uploads } = world({ readings: [changed, changed] });

    await indexFile(ports, rowOf());

    expect(ends).toEqual({ file: "file_changed" });
    expect(uploads).toEqual([]);
  },
);

test("bytes that change between the two reads leave no whole file at OpenAI", async () => {
  const { ports, ends, uploads } = world({ readings: [REGISTERED, "registered bytez"] });

  await indexFile(ports, rowOf());

  expect(ends).toEqual({ file: "file_changed" });
  expect(uploads).toEqual([{
    whole: false,
    text: expect.not.stringContaining("registered bytez"),
  }]);
});

test("a file without a digest is not sent", async () => {
  const { ports, ends, uploads } = world({ readings: [REGISTERED, REGISTERED] });

  await indexFile(ports, rowOf({ sha256: null }));

  expect([ends, uploads]).toEqual([{ file: "file_changed" }, []]);
});

test("a store that is created again leaves out a file whose bytes have changed", async () => {
  const text = { file_type: "text/plain", file_name: "a.txt", status: "ready" };
  const rows = [rowOf({ ...text, id: "changed", openai_file_id: "file_a" })];
  const { ports, ends, uploads } = world({ readings: ["other bytes"], rows });
  const claim = { kind: "build" as const, id: "row", lease_until: "", name: "store" };

  await buildStore(ports, claim, collectionOf({ session_id: "session" }));

  expect(ends).toEqual({ changed: "file_changed", vs_1: "made" });
  expect(uploads).toEqual([]);
});
