import { serve } from "@hono/node-server";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { createTokenExchange } from "../../../local/gateway/tokens.ts";
import { loadKeys } from "../../../local/stack/keys.ts";
import { createStorageApi } from "../../../local/storage/storage-api.ts";
import { stack, stateDir } from "../../helpers/stack.ts";
import { makeBucket } from "./storage-helpers.ts";

const CHUNK = new Uint8Array(64 * 1024).fill(7);
const CHUNKS = 762; // 50 MB, just within the limit.
/** Half a file, because garbage collections differ by some megabytes. */
const MOST_HELD = 25e6;
const FORM = {
  head: '--x\r\nContent-Disposition: form-data; name=""; filename="a.bin"\r\n\r\n',
  tail: "\r\n--x--\r\n",
};

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Returns the bytes in buffers that are still referenced. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

/** Starts Storage in this process to measure its memory, on the stack's database and in a folder of its own. */
async function startStorage(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-storage-"));
  const database = new pg.Pool({ connectionString: stack.DB_URL });
  const keys = await loadKeys(stateDir);
  const tokens = await createTokenExchange(keys, `${stack.API_URL}/auth/v1`);
  const api = await createStorageApi({ database, directory, keys, tokens, log: () => {} });
  const server = serve({ fetch: api.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    await database.end();
    await rm(directory, { recursive: true });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it.each([
  ["as the body", "application/octet-stream", "", ""],
  ["in a form", "multipart/form-data; boundary=x", FORM.head, FORM.tail],
])("50 MB are streamed and never held in memory: %s", async (_kind, type, head, tail) => {
  const url = await startStorage();
  const bucket = await makeBucket();
  const headers = { apikey: stack.SECRET_KEY, "content-type": type };
  const before = heldBytes();
  let peak = before;
  const measure = () => peak = Math.max(peak, heldBytes());

  async function* body() {
    yield Buffer.from(head);
    for (let sent = 0; sent < CHUNKS; sent++) {
      if (sent % 50 === 0) measure();
      yield CHUNK;
    }
    yield Buffer.from(tail);
  }
  const target = `${url}/storage/v1/object/${bucket}/large`;
  // `fetch` would keep in memory what it has sent.
  const upload = request(target, { method: "POST", headers });
  const answered: Promise<IncomingMessage[]> = once(upload, "response");
  await pipeline(body, upload);
  expect((await answered)[0]?.statusCode).toBe(200);

  let received = 0;
  const download = await fetch(target, { headers });
  for await (const chunk of download.body ?? []) {
    if (Math.floor(received / 5e6) < Math.floor((received + chunk.length) / 5e6)) measure();
    received += chunk.length;
  }
  expect(received).toBe(CHUNK.length * CHUNKS);
  expect(peak - before).toBeLessThan(MOST_HELD);
});
