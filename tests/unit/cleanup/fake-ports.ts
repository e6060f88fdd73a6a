import OpenAI from "openai";
import type {
  FileDatabase,
  FileRow,
} from "../../../functions/_shared/session-files/file-database.ts";
import type { FileFailure } from "../../../functions/_shared/session-files/file-failures.ts";
import type {
  CleanupDatabase,
  Deletion,
} from "../../../functions/vector-store-cleanup/cleanup-database.ts";
import type { CleanupPorts } from "../../../functions/vector-store-cleanup/cleanup-ports.ts";
import { giveUp } from "../../../functions/vector-store-cleanup/give-up.ts";

const PROVIDER_OF: Record<string, string> = { stripe_customer: "stripe", object: "storage" };

/** A promise that is never settled. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

/** An answer of OpenAI that never comes; like the real `fetch` it ends with its signal. */
export function hangingFetch(_url: unknown, init?: RequestInit): Promise<Response> {
  return giveUp(hang(), init?.signal ?? new AbortController().signal);
}

/** The outbox, and whatever else the clean-up asks the database; nothing is due but what a test puts in. */
class FakeCleanupDatabase implements CleanupDatabase {
  outbox: Deletion[] = [];
  claimed = new Set<number>();
  ended: Record<string, string | null> = {};
  staleFiles: FileRow[] = [];

  /** Puts things into the outbox. */
  put(kind: string, ...remoteIds: string[]): void {
    for (const remote_id of remoteIds) {
      this.outbox.push({ id: this.outbox.length, kind, remote_id, attempts: 0, due_at: "" });
    }
  }

  claimDeletions(provider: string, limit: number) {
    const free = this.outbox.filter(({ id, kind }) =>
      (PROVIDER_OF[kind] ?? "openai") === provider && !this.claimed.has(id)
    ).slice(0, limit);
    for (const { id } of free) this.claimed.add(id);
    return Promise.resolve(free);
  }

  completeDeletion({ remote_id }: Deletion, error?: string) {
    this.ended[remote_id] = error ?? null;
    return Promise.resolve();
  }

  claimStaleFiles = () => Promise.resolve(this.staleFiles);
  countDue = () => Promise.resolve(this.outbox.length - this.claimed.size);
  expireDue = () => Promise.resolve(0);
  releaseExpired = () => Promise.resolve(0);
  claimStoresToCheck = () => Promise.resolve([]);
  touchStore = () => Promise.resolve();
  findAbandonedStores = () => Promise.resolve([]);
  findUnknown = () => Promise.resolve([]);
  enqueueStrayObjects = () => Promise.resolve(0);
  readCursor = () => Promise.resolve("");
  moveCursor = () => Promise.resolve();
}

/** The files of one session whose store is there; a file that fails says why in `failures`. */
function fakeFiles(failures: Record<string, string>): FileDatabase {
  const methods: Partial<FileDatabase> = {
    claimStore: () => Promise.resolve({ kind: "ready", id: "store", store_id: "vs_1" }),
    fail(fileId: string, { code }: FileFailure) {
      failures[fileId] = code;
      return Promise.resolve();
    },
  };
  // What these tests do not reach is not there.
  return methods as FileDatabase;
}

/** A run whose time is up after so many seconds; customers and objects go at once unless a test says otherwise. */
export function fakePorts(seconds: number) {
  const over = new AbortController();
  setTimeout(() => over.abort(new DOMException("The time is up.", "TimeoutError")), seconds * 1000);
  const cleanup = new FakeCleanupDatabase();
  const failures: Record<string, string> = {};
  const stripe = { customers: { del: (_id: string): Promise<unknown> => Promise.resolve({}) } };
  const storage = { remove: (_paths: string[]) => Promise.resolve() };
  const ports = {
    openai: new OpenAI({ apiKey: "none", maxRetries: 0, logLevel: "off" }),
    log: { info() {}, warn() {}, error() {} },
    project: "test",
    storeDays: 7,
    files: fakeFiles(failures),
    // The clean-up deletes customers and objects, and nothing else.
    stripe: stripe as unknown as CleanupPorts["stripe"],
    storage: storage as unknown as CleanupPorts["storage"],
    cleanup,
    signal: over.signal,
  } satisfies CleanupPorts;
  return { ports, cleanup, failures, stripe, storage };
}
