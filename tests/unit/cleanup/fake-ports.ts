import OpenAI from "openai";
import type {
  FileDatabase,
  FileRow,
} from "../../../functions/_shared/session-files/file-database.ts";
import type { FileFailure } from "../../../functions/_shared/session-files/file-failures.ts";
import type {
  CleanupDatabase,
  Deletion,
  DeletionOutcome,
} from "../../../functions/vector-store-cleanup/cleanup-database.ts";
import type { CleanupPorts } from "../../../functions/vector-store-cleanup/cleanup-ports.ts";
import { giveUp } from "../../../functions/_shared/http/give-up.ts";

const PROVIDER_OF: Record<string, string> = { stripe_customer: "stripe", object: "storage" };

/** Returns a promise that never settles. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

/** A request to OpenAI that gets no response. Like the real `fetch`, it rejects when its signal aborts. */
export function hangingFetch(_url: unknown, init?: RequestInit): Promise<Response> {
  return giveUp(hang(), init?.signal ?? new AbortController().signal);
}

/** The outbox and the other tables of the clean-up. Nothing is due except what a test adds. */
class FakeCleanupDatabase implements CleanupDatabase {
  outbox: Deletion[] = [];
  claimed = new Set<number>();
  ended: Record<string, string | null> = {};
  staleFiles: FileRow[] = [];

  /** Adds objects to the outbox. */
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

  findPayerEmail() {
    return Promise.resolve(null);
  }

  settleDeletions(outcomes: DeletionOutcome[]) {
    for (const { deletion, error } of outcomes) this.ended[deletion.remote_id] = error ?? null;
    return Promise.resolve();
  }

  claimStaleFiles = () => Promise.resolve(this.staleFiles);
  expireDue = () => Promise.resolve(0);
  releaseExpired = () => Promise.resolve(0);
  claimStoresToCheck = (): Promise<string[]> => Promise.resolve([]);
  touchStore = () => Promise.resolve();
  findAbandonedStores = () => Promise.resolve([]);
  findUnknown = () => Promise.resolve([]);
  enqueueStrayObjects = () => Promise.resolve(0);
  readCursor = () => Promise.resolve("");
  moveCursor = () => Promise.resolve();
}

/**
 * Returns the files of one session with a ready store. `failures` collects the reasons of failed files, and `pauses`
 * the milliseconds before the next attempt of the others.
 */
function fakeFiles(
  failures: Record<string, string>,
  pauses: Record<string, number>,
): FileDatabase {
  const methods: Partial<FileDatabase> = {
    claimStore: () => Promise.resolve({ kind: "ready", id: "store", store_id: "vs_1" }),
    fail(fileId: string, { code }: FileFailure) {
      failures[fileId] = code;
      return Promise.resolve();
    },
    delay({ id }: FileRow, milliseconds: number) {
      pauses[id] = milliseconds;
      return Promise.resolve();
    },
  };
  // Methods that these tests do not reach are missing.
  return methods as FileDatabase;
}

/**
 * Returns ports for a run with this time limit. Customers and objects are deleted at once unless a test changes that.
 */
export function fakePorts(seconds: number) {
  const over = new AbortController();
  setTimeout(() => over.abort(new DOMException("The time is up.", "TimeoutError")), seconds * 1000);
  const cleanup = new FakeCleanupDatabase();
  const failures: Record<string, string> = {};
  const pauses: Record<string, number> = {};
  const stripe = { customers: { del: (_id: string): Promise<unknown> => Promise.resolve({}) } };
  const storage = { remove: (_paths: string[]) => Promise.resolve() };
  const ports = {
    openai: new OpenAI({ apiKey: "none", maxRetries: 0, logLevel: "off" }),
    log: { info() {}, warn() {}, error() {} },
    project: "test",
    storeDays: 7,
    files: fakeFiles(failures, pauses),
    // The clean-up only deletes customers and objects here.
    stripe: stripe as unknown as CleanupPorts["stripe"],
    storage: storage as unknown as CleanupPorts["storage"],
    cleanup,
    signal: over.signal,
  } satisfies CleanupPorts;
  return { ports, cleanup, failures, pauses, stripe, storage };
}
