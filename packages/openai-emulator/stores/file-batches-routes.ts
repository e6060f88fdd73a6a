import { Hono } from "hono";
import type { BlankSchema } from "hono/types";
import type { VectorStoreFileBatch } from "openai/resources/vector-stores/file-batches";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findBatch, findFile, findStore } from "../find-records.ts";
import { newId } from "../new-id.ts";
import { parseBody } from "../http/parse-request.ts";
import type { EmulatorState, FileBatchRecord, VectorStoreRecord } from "../state.ts";
import { attachFile, cancelFile, failReading, readPassages } from "./store-files.ts";
import { pageOfFiles } from "./store-files-routes.ts";
import { type AttachFile, CreateFileBatch } from "./vector-store-schemas.ts";
import { countFiles, useStore } from "./vector-stores.ts";
import type { WireStoreFile } from "../wire-types.ts";

/** Returns the routes of `/vector_stores/:id/file_batches`: create, retrieve, cancel, list files. */
export function fileBatchesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv, BlankSchema, "/:id/file_batches">()
    .post("/", async (c) => {
      const files = await parseBody(c.req, CreateFileBatch);
      const record = useStore(state, c.req.param("id"));
      return c.json(showBatch(record, createBatch(state, record, files)));
    })
    .get("/:batch_id", (c) => {
      const record = findStore(state, c.req.param("id"));
      return c.json(showBatch(record, findBatch(record, c.req.param("batch_id"))));
    })
    .post("/:batch_id/cancel", (c) => {
      const record = findStore(state, c.req.param("id"));
      const batch = findBatch(record, c.req.param("batch_id"));
      cancelBatch(state, record, batch);
      return c.json(showBatch(record, batch));
    })
    .get("/:batch_id/files", (c) => {
      const record = findStore(state, c.req.param("id"));
      const batch = findBatch(record, c.req.param("batch_id"));
      return c.json(pageOfFiles(filesOf(record, batch), c.req.query()));
    });
}

function createBatch(
  state: EmulatorState,
  record: VectorStoreRecord,
  files: readonly AttachFile[],
): FileBatchRecord {
  // Looks all files up first, so that a batch with an unknown file attaches nothing.
  const fileIds = files.map(({ file_id }) => findFile(state, file_id).id);
  const { failing, code, status } = state.behaviour.scenario().failBatch(files.length);
  for (const [index, file] of files.entries()) {
    attachFile(state, record, file, index < failing ? () => failReading(code) : readPassages);
  }
  const failed = status === "failed";
  const batch = { id: newId("vsfb"), created_at: state.now(), cancelled: false, failed, fileIds };
  record.batches.set(batch.id, batch);
  if (status === "cancelled") cancelBatch(state, record, batch);
  return batch;
}

function cancelBatch(
  state: EmulatorState,
  record: VectorStoreRecord,
  batch: FileBatchRecord,
): void {
  const files = filesOf(record, batch);
  if (!files.some(({ status }) => status === "in_progress")) return;
  files.forEach(cancelFile);
  batch.cancelled = true;
  state.changed();
}

function showBatch(record: VectorStoreRecord, batch: FileBatchRecord): VectorStoreFileBatch {
  const { id, created_at, cancelled, failed } = batch;
  const file_counts = countFiles(filesOf(record, batch));
  const ended = cancelled ? "cancelled" : failed ? "failed" : "completed";
  return {
    id,
    object: "vector_store.files_batch",
    created_at,
    vector_store_id: record.store.id,
    status: file_counts.in_progress > 0 ? "in_progress" : ended,
    file_counts,
  };
}

/** Returns the files of a batch that are still in the store. */
function filesOf({ files }: VectorStoreRecord, { fileIds }: FileBatchRecord): WireStoreFile[] {
  return fileIds.flatMap((id) => files.get(id) ?? []);
}
