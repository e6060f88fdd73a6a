import { APIError } from "openai";
import { hasMarker } from "../_shared/openai/file-marker.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";

/** A younger object may belong to a row that is not stored yet. */
const OLD_SECONDS = 86_400;
/** The largest pages that OpenAI allows. */
const STORES_PER_PAGE = 100;
const FILES_PER_PAGE = 1_000;
const STORE_PAGES = 5;
/** The objects in Storage that one call to the database reads. */
const OBJECTS = 5_000;

type Kind = "vector_store" | "file";

interface Page {
  /** All ids of the page, oldest first. */
  ids: string[];
  /** The ids of old objects that belong to this project. */
  candidates: string[];
}

/**
 * Looks for this project's objects at OpenAI and in Storage that no row names, and adds them to the outbox. Each run
 * reads the bucket to its end, and a limited part of the lists at OpenAI. It continues where the last run stopped.
 */
export async function findOrphans(ports: CleanupPorts): Promise<StepReport> {
  const objects = await findStrayObjects(ports);
  const files = await walk(ports, "file", 1, (after) => listFiles(ports, after));
  const stores = await walk(
    ports,
    "vector_store",
    STORE_PAGES,
    (after) => listStores(ports, after),
  );
  return { orphans: objects + files + stores };
}

/** Reads the bucket to its end, so that no number of stray objects can outlast the runs of a day. */
async function findStrayObjects({ cleanup, signal }: CleanupPorts): Promise<number> {
  let found = 0;
  do {
    found += await cleanup.enqueueStrayObjects(OBJECTS);
  } while (!signal.aborted && await cleanup.readCursor("objects") !== "");
  return found;
}

async function walk(
  { cleanup, files, signal }: CleanupPorts,
  kind: Kind,
  pages: number,
  list: (after: string | undefined) => Promise<Page>,
): Promise<number> {
  let orphans = 0;
  let after = await cleanup.readCursor(kind) || undefined;
  for (let page = 0; page < pages; page += 1) {
    const { ids, candidates } = await list(after);
    const unknown = candidates.length > 0 ? await cleanup.findUnknown(kind, candidates) : [];
    for (const id of unknown) {
      // The cursor has not moved yet, so the next run finds the remaining ids.
      signal.throwIfAborted();
      await files.abandon(kind, id);
    }
    orphans += unknown.length;
    after = ids.at(-1);
    if (after === undefined) break;
  }
  await cleanup.moveCursor(kind, after ?? null);
  return orphans;
}

async function listStores({ openai, project }: CleanupPorts, after?: string): Promise<Page> {
  const query = { limit: STORES_PER_PAGE, order: "asc" as const, after };
  const { data } = await fromStart(after, () => openai.vectorStores.list(query));
  const ours = data.filter(({ metadata, created_at }) =>
    metadata?.app === "parley" && metadata.project === project && isOld(created_at)
  );
  return { ids: data.map(({ id }) => id), candidates: ours.map(({ id }) => id) };
}

async function listFiles({ openai, project }: CleanupPorts, after?: string): Promise<Page> {
  const query = { limit: FILES_PER_PAGE, order: "asc" as const, after };
  const { data } = await fromStart(after, () => openai.files.list(query));
  const ours = data.filter(({ filename, created_at }) =>
    hasMarker(filename, project) && isOld(created_at)
  );
  return { ids: data.map(({ id }) => id), candidates: ours.map(({ id }) => id) };
}

/** Returns an empty page when the cursor's object was deleted meanwhile. The next run then starts over. */
async function fromStart<Entry>(
  after: string | undefined,
  list: () => Promise<{ data: Entry[] }>,
): Promise<{ data: Entry[] }> {
  try {
    return await list();
  } catch (error) {
    const isLost = error instanceof APIError && (error.status === 400 || error.status === 404);
    if (after !== undefined && isLost) return { data: [] };
    throw error;
  }
}

function isOld(createdAt: number): boolean {
  return createdAt < Date.now() / 1000 - OLD_SECONDS;
}
