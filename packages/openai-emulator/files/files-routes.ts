import { Hono } from "hono";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { addFile, openFile, removeFile } from "./files.ts";
import { findFile } from "../find-records.ts";
import { paginate } from "../http/paginate.ts";
import { parseInput } from "../http/parse-request.ts";
import { FilesQuery } from "../responses/request-schemas.ts";
import type { EmulatorState } from "../state.ts";

/** Returns the routes of `/files`: upload, list, retrieve, download, delete. */
export function filesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", async (c) => c.json(await addFile(state, c.req.raw)))
    .get("/", (c) => {
      const { purpose, ...query } = parseInput(c.req.query(), FilesQuery);
      const files = [...state.files.values()]
        .filter((file) => purpose === undefined || file.purpose === purpose);
      return c.json(paginate(files, query));
    })
    .get("/:id", (c) => c.json(findFile(state, c.req.param("id"))))
    .get("/:id/content", (c) => {
      const headers = { "content-type": "application/octet-stream" };
      return c.body(openFile(state, c.req.param("id")), { headers });
    })
    .delete("/:id", async (c) => {
      const id = c.req.param("id");
      await removeFile(state, id);
      return c.json({ id, object: "file", deleted: true });
    });
}
