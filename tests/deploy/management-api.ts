import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";

const Metadata = z.object({
  name: z.string(),
  entrypoint_path: z.string(),
  import_map_path: z.string(),
  verify_jwt: z.boolean(),
});
/** What the CLI sends about a function that it deploys. */
export type DeployedFunction = z.infer<typeof Metadata>;

/** A Management API that accepts deployed functions. */
export interface ManagementApi {
  url: string;
  deployed: DeployedFunction[];
}

/**
 * Serves the calls of `supabase functions deploy --use-api`, and writes the uploaded files into a folder for each
 * function. Source: https://api.supabase.com/api/v1
 */
export async function serveManagementApi(folder: string): Promise<ManagementApi> {
  const deployed: DeployedFunction[] = [];
  const app = new Hono()
    .post("/v1/projects/:ref/functions/deploy", async (c) => {
      const form = await c.req.formData();
      const metadata = Metadata.parse(JSON.parse(String(form.get("metadata"))));
      for (const file of form.getAll("file")) {
        if (typeof file === "string") continue;
        const target = path.join(folder, metadata.name, file.name);
        await mkdir(path.dirname(target), { recursive: true });
        await writeFile(target, await file.bytes());
      }
      deployed.push(metadata);
      const { name } = metadata;
      return c.json({ id: name, slug: name, name, status: "ACTIVE", version: 1 }, 201);
    })
    .put("/v1/projects/:ref/functions", (c) => c.json({ functions: [] }))
    .get("*", (c) => c.json([]));
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  const url = await listen(server, 0);
  onTestFinished(() => closeServer(server));
  return { url, deployed };
}
