import { Hono } from "hono";
import type { BlankSchema } from "hono/types";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findStore, findStoreFile } from "../find-records.ts";
import { paginate } from "../http/paginate.ts";
import { parseBody, parseInput } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { attachFile, detachFile } from "./store-files.ts";
import { AttachFile, StoreFilesQuery, UpdateStoreFile } from "./vector-store-schemas.ts";
import { useStore } from "./vector-stores.ts";
import type { WireStoreFile } from "../wire-types.ts";

/** Returns the routes of `/vector_stores/:id/files`: attach, list, retrieve, change attributes, detach. */
export function storeFilesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv, BlankSchema, "/:id/files">()
    .post("/", async (c) => {
      const params = await parseBody(c.req, AttachFile);
      return c.json(attachFile(state, useStore(state, c.req.param("id")), params));
    })
    .get("/", (c) => {
      const { files } = findStore(state, c.req.param("id"));
      return c.json(pageOfFiles([...files.values()], c.req.query()));
    })
    .get("/:file_id", (c) => {
      const record = findStore(state, c.req.param("id"));
      const file = findStoreFile(record, c.req.param("file_id"));
      state.behaviour.scenario().showStoreFile(file.id, record.store.id);
      return c.json(file);
    })
    .post("/:file_id", async (c) => {
      const file = findStoreFile(findStore(state, c.req.param("id")), c.req.param("file_id"));
      file.attributes = (await parseBody(c.req, UpdateStoreFile)).attributes;
      state.changed();
      return c.json(file);
    })
    .delete("/:file_id", (c) => {
      const record = findStore(state, c.req.param("id"));
      const { id } = findStoreFile(record, c.req.param("file_id"));
      detachFile(state, record, id);
      return c.json({ id, object: "vector_store.file.deleted", deleted: true });
    });
}

/** Returns the page of files in a store that a query asks for. */
export function pageOfFiles(files: readonly WireStoreFile[], input: Record<string, string>) {
  const { filter, ...query } = parseInput(input, StoreFilesQuery);
  return paginate(files.filter(({ status }) => filter === undefined || status === filter), query);
}
