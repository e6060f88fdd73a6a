import { createHash } from "node:crypto";
import { startEmulator } from "@parley/openai-emulator/start-test-emulator.ts";
import type {
  FileDatabase,
  FileRow,
  MadeStore,
} from "../../../functions/_shared/session-files/file-database.ts";
import type { FilePorts } from "../../../functions/_shared/session-files/file-ports.ts";
import type { FileStorage } from "../../../functions/_shared/session-files/file-storage.ts";
import type { Patience } from "../../../functions/_shared/session-files/patience.ts";
import type { LogFields } from "../../../functions/_shared/http/log.ts";

/** Short enough for a test. The order of the times is that of `PATIENCE`. */
export const SHORT: Patience = {
  callMs: 3_000,
  pollMs: 5,
  longestPollMs: 20,
  unseenMs: 200,
  pauseMs: 20,
  longestPauseMs: 100,
  totalMs: 20_000,
  batchMs: 3_000,
  storeMs: 3_000,
  storePollMs: 10,
  storePauseMs: 300,
};

/** The store of the one session. */
interface StoreRow {
  kind: "missing" | "ready" | "failed";
  storeId: string;
  fileIds: string[];
  error: string | null;
  retryAt: number;
}

/** The OpenAI emulator with the files of one session in memory, and the lines of the log. */
export async function createWorld() {
  const emulator = await startEmulator();
  const rows = new Map<string, FileRow>();
  const contents = new Map<string, string>();
  const logged: [event: string, fields: LogFields][] = [];
  const pauses: number[] = [];
  const store: StoreRow = { kind: "missing", storeId: "", fileIds: [], error: null, retryAt: 0 };
  const write = (event: string, fields: LogFields = {}) => void logged.push([event, fields]);
  const change = (id: string, values: Partial<FileRow>) => {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, ...values });
    return Promise.resolve();
  };
  const methods: Partial<FileDatabase> = {
    setOpenAIFile: async (id, openai_file_id) => {
      await change(id, { openai_file_id });
      return rows.has(id);
    },
    settle: (id) => change(id, { status: "ready", error: null, retry_at: null }),
    fail: (id, error) =>
      change(id, { status: "failed", error: { ...error }, openai_file_id: null, retry_at: null }),
    reindex: (id, error) => change(id, { status: "indexing", error: error && { ...error } }),
    delay: ({ id }, milliseconds, error) => {
      pauses.push(milliseconds);
      const retry_at = new Date(Date.now() + milliseconds).toISOString();
      return change(id, { retry_at, ...(error && { error: { ...error } }) });
    },
    claim: (id) => Promise.resolve(rows.get(id) ?? null),
    listSearchable: () =>
      Promise.resolve([...rows.values()].filter(({ openai_file_id }) => openai_file_id !== null)),
    claimStore: () => {
      if (store.kind === "ready") {
        return Promise.resolve({ kind: "ready", id: "store", store_id: store.storeId });
      }
      const retry_after = (store.retryAt - Date.now()) / 1000;
      return Promise.resolve(
        store.kind === "failed" && retry_after > 0
          ? { kind: "failed", error: store.error, retry_after }
          : { kind: "build", id: "store", lease_until: "", name: "Chat" },
      );
    },
    finishStore: (_claim, { storeId, fileIds }: MadeStore) => {
      Object.assign(store, { kind: "ready", storeId, fileIds });
      return Promise.resolve(true);
    },
    failStore: (_claim, error, seconds) => {
      Object.assign(store, { kind: "failed", error, retryAt: Date.now() + seconds * 1000 });
      return Promise.resolve();
    },
    expireStore: () => Promise.resolve(void (store.kind = "missing")),
    abandon: () => Promise.resolve(),
  };
  const storage: Partial<FileStorage> = {
    open: (path) => Promise.resolve(new Blob([contents.get(path) ?? ""]).stream()),
  };
  // Methods that these tests do not reach are missing.
  const ports = {
    openai: emulator.client,
    log: { info: write, warn: write, error: write },
    project: "test",
    storeDays: 7,
    files: methods as FileDatabase,
    storage: storage as FileStorage,
  } satisfies FilePorts;
  return {
    ...emulator,
    ports,
    store,
    pauses,
    logged,
    /** Adds a stored file that is to be indexed. */
    add(name: string, content = `The file ${name}.`, values: Partial<FileRow> = {}): FileRow {
      const now = new Date().toISOString();
      const row: FileRow = {
        id: crypto.randomUUID(),
        session_id: "session",
        assistant_slug: null,
        user_id: "user",
        message_id: null,
        file_name: name,
        file_type: "text/plain",
        file_size: content.length,
        sha256: createHash("sha256").update(content).digest("hex"),
        storage_path: `user/${name}`,
        uploaded_as: null,
        openai_file_id: null,
        vector_store_id: null,
        origin: "user",
        status: "indexing",
        error: null,
        indexing_since: now,
        retry_at: now,
        created_at: now,
        updated_at: now,
        ...values,
      };
      rows.set(row.id, row);
      contents.set(row.storage_path, content);
      return row;
    },
    /** Returns the status of a file, and the code of its error. */
    show(id: string): { status?: string; code?: string } {
      const row = rows.get(id);
      const error = row?.error;
      const code = typeof error === "object" && error !== null && "code" in error && error.code;
      return { status: row?.status, ...(typeof code === "string" && { code }) };
    },
    row: (id: string) => rows.get(id),
  };
}
