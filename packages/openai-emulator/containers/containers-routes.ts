import { Hono } from "hono";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findContainerFile } from "../find-records.ts";
import type { EmulatorState } from "../state.ts";

/** Returns the routes of `/containers`: retrieve and download the files of the code interpreter. */
export function containersRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/:id/files/:file_id", (c) => {
      const file = findContainerFile(state, c.req.param("id"), c.req.param("file_id"));
      return c.json({
        id: file.id,
        object: "container.file",
        created_at: state.now(),
        bytes: Buffer.byteLength(file.content),
        container_id: file.containerId,
        path: `/mnt/data/${file.name}`,
        source: "assistant",
      });
    })
    .get("/:id/files/:file_id/content", (c) => {
      const { content } = findContainerFile(state, c.req.param("id"), c.req.param("file_id"));
      return c.body(content, { headers: { "content-type": "application/binary" } });
    });
}
