import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { CleanupReply } from "../types/api.ts";
import { findDescendant, peakExtraMemory } from "../tests/helpers/process-memory.ts";
import { compare, type Measure, measure } from "./report.ts";
import {
  type BenchStack,
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
} from "./stack.ts";

const MIB = 1024 * 1024;
const UPLOAD_BYTES = 50 * MIB;
const ROWS = 10_000;
const LIVE_STORES = 20_000;

/** Measures an upload of 50 MB (memory and throughput), and the clean-up of many stores and deletions. */
export async function measureFiles(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const user = await createBenchUser(stack.status);
  const database = new pg.Client(stack.status.DB_URL);
  await database.connect();
  try {
    return [...await measureUpload(stack, user), ...await measureCleanup(stack, user, database)];
  } finally {
    await database.end();
  }
}

async function measureUpload(stack: BenchStack, user: BenchUser): Promise<Measure[]> {
  const { data: { id: profileId } } = await user.client.from("profiles").select("id").single()
    .throwOnError();
  const bucket = user.client.storage.from("chat-files");
  const functions = await findDescendant(stack.pid, "functions-server");
  await upload(stack, user, buildContent(MIB));
  const content = buildContent(UPLOAD_BYTES);
  const direct = await time(async () => {
    const { error } = await bucket.upload(`${profileId}/direct.txt`, content);
    if (error) throw error;
  });
  let uploading = 0;
  const extra = await peakExtraMemory(functions, async () => {
    let fileId = "";
    uploading = await time(async () => {
      fileId = await upload(stack, user, content);
    });
    await settled(user, fileId);
  });
  return [
    measure("50 MiB upload, indexing included: peak extra memory", extra / MIB, {
      format: mebibytes,
      target: { most: 100 },
    }),
    compare("50 MiB upload, against straight to Storage", uploading, direct),
  ];
}

async function measureCleanup(
  stack: BenchStack,
  user: BenchUser,
  database: pg.Client,
): Promise<Measure[]> {
  const functions = await findDescendant(stack.pid, "functions-server");
  const empty = await time(async () => void await cleanUp(stack));
  await addStores(database, user.sessionId, LIVE_STORES, "active", "vs_live_");
  await database.query("analyze");
  const crowded = await time(async () => void await cleanUp(stack));
  await addStores(database, user.sessionId, ROWS, "active", "vs_due_", "-1 minute");
  await database.query(
    `insert into private.remote_deletions (kind, remote_id)
     select 'file', 'file_bench_' || n from generate_series(1, $1::int) n`,
    [ROWS],
  );
  let spent = 0;
  const extra = await peakExtraMemory(functions, async () => {
    spent = await time(async () => {
      // The schedules of the stack take part, so one call may find nothing while another works.
      for (; await countLeft(database) > 0; await delay(100)) await cleanUp(stack);
    });
  });
  return [
    measure(`clean-up of ${ROWS} expired stores and ${ROWS} deletions`, 2 * ROWS / spent * 1000, {
      format: (value) => `${value.toFixed(0)} rows/s`,
    }),
    measure("  peak extra memory of that", extra / MIB, { format: mebibytes }),
    compare(`clean-up with nothing to do, ${LIVE_STORES} live stores : none`, crowded, empty),
  ];
}

function mebibytes(value: number): string {
  return `${value.toFixed(0)} MiB`;
}

/** Builds text that never repeats, so that compression and caches cannot help. */
function buildContent(bytes: number): Blob {
  const line = (n: number) =>
    `${crypto.randomUUID()} line number ${n} of a long text about nothing\n`;
  const lines = Array.from({ length: Math.floor(bytes / 100) }, (_, n) => line(n).padStart(100));
  return new Blob([lines.join("")]);
}

async function upload({ status }: BenchStack, user: BenchUser, content: Blob): Promise<string> {
  const form = new FormData();
  form.set("session_id", user.sessionId);
  form.set("file", content, "large.txt");
  const response = await fetch(`${status.FUNCTIONS_URL}/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}` },
    body: form,
  });
  if (!response.ok) throw new Error(await response.text());
  const { id } = await response.json();
  return id;
}

/** Resolves when the upload of the file to OpenAI has ended. */
async function settled({ client }: BenchUser, fileId: string): Promise<void> {
  for (;;) {
    const { data } = await client.from("chat_files").select("status").eq("id", fileId).single()
      .throwOnError();
    if (data.status === "ready" || data.status === "failed") return;
    await delay(100);
  }
}

async function cleanUp({ status }: BenchStack): Promise<CleanupReply> {
  const response = await fetch(`${status.FUNCTIONS_URL}/vector-store-cleanup`, {
    method: "POST",
    headers: { apikey: status.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
  return CleanupReply.parse(await response.json());
}

/** Returns how many stores are due and how many deletions wait. */
async function countLeft(database: pg.Client): Promise<number> {
  const { rows: [row] } = await database.query<{ count: number }>(
    `select (select count(*) from private.remote_deletions)::integer +
       (select count(*) from public.vector_stores where status = 'active' and expires_at < now())::integer as count`,
  );
  return row?.count ?? 0;
}

/** Adds rows of stores, each with its own session; OpenAI knows none of them. */
async function addStores(
  database: pg.Client,
  sessionId: string,
  count: number,
  status: string,
  prefix: string,
  expiresIn = "5 days",
): Promise<void> {
  await database.query("alter table public.chat_sessions disable trigger chat_sessions_limit");
  await database.query(
    `with sessions as (
       insert into public.chat_sessions (user_id, assistant_slug)
       select s.user_id, s.assistant_slug
       from public.chat_sessions s, generate_series(1, $2::int)
       where s.id = $1
       returning id, user_id
     )
     insert into public.vector_stores (session_id, user_id, name, status, store_id, expires_at)
     select id, user_id, 'Bench', $3, $4 || id, now() + $5::interval
     from sessions`,
    [sessionId, count, status, prefix, expiresIn],
  );
}

async function time(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
