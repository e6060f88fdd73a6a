import { Hono } from "hono";
import type { VectorStoreSearchResponse } from "openai/resources/vector-stores/vector-stores";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { fileBatchesRoutes } from "./file-batches-routes.ts";
import { findFile, findStore } from "../find-records.ts";
import { paginate } from "../http/paginate.ts";
import { parseBody, parseInput } from "../http/parse-request.ts";
import { CursorQuery } from "../responses/request-schemas.ts";
import { searchStores } from "./search-stores.ts";
import type { EmulatorState } from "../state.ts";
import { attachFile } from "./store-files.ts";
import { storeFilesRoutes } from "./store-files-routes.ts";
import { CreateVectorStore, SearchVectorStore, UpdateVectorStore } from "./vector-store-schemas.ts";
import { createStore, showStore, updateStore, useStore } from "./vector-stores.ts";

/**
 * Returns the routes of `/vector_stores`: create, list, retrieve, update, delete, search. The files and the
 * batches of a store have their own routes.
 */
export function vectorStoresRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", async (c) => {
      const params = await parseBody(c.req, CreateVectorStore);
      const { file_ids, chunking_strategy } = params;
      for (const id of file_ids) findFile(state, id);
      const record = createStore(state, params);
      for (const file_id of file_ids) {
        attachFile(state, record, { file_id, attributes: {}, chunking_strategy });
      }
      return c.json(showStore(record));
    })
    .get("/", (c) => {
      const stores = [...state.vectorStores.values()].map(showStore);
      return c.json(paginate(stores, parseInput(c.req.query(), CursorQuery)));
    })
    .get("/:id", (c) => c.json(showStore(findStore(state, c.req.param("id")))))
    .post("/:id", async (c) => {
      const record = findStore(state, c.req.param("id"));
      updateStore(state, record, await parseBody(c.req, UpdateVectorStore));
      return c.json(showStore(record));
    })
    .delete("/:id", (c) => {
      const { id } = findStore(state, c.req.param("id")).store;
      state.vectorStores.delete(id);
      state.changed();
      return c.json({ id, object: "vector_store.deleted", deleted: true });
    })
    .post("/:id/search", async (c) => {
      const params = await parseBody(c.req, SearchVectorStore);
      return c.json(await search(state, c.req.param("id"), params));
    })
    .route("/:id/files", storeFilesRoutes(state))
    .route("/:id/file_batches", fileBatchesRoutes(state));
}

async function search(state: EmulatorState, id: string, params: SearchVectorStore) {
  const record = useStore(state, id);
  await record.loaded;
  const hits = searchStores(state, [record], {
    queries: params.query,
    limit: params.max_num_results,
    threshold: params.ranking_options?.score_threshold ?? 0,
    filter: params.filters ?? undefined,
  });
  const data = hits.map(({ text, ...hit }): VectorStoreSearchResponse => {
    return { ...hit, content: [{ type: "text", text }] };
  });
  return {
    object: "vector_store.search_results.page",
    search_query: params.query,
    data,
    has_more: false,
    next_page: null,
  };
}
