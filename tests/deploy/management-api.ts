import { glob, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { onTestFinished } from "vitest";
import * as z from "zod";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";

const Metadata = z.object({
  name: z.string(),
  entrypoint_path: z.string(),
  import_map_path: z.string().optional(),
  verify_jwt: z.boolean(),
});
/** What the CLI sends about a function that it deploys. */
export type DeployedFunction = z.infer<typeof Metadata>;

const Secrets = z.array(z.object({ name: z.string(), value: z.string() }));
const Active = z.array(z.object({ slug: z.string() }));

/** A Management API that accepts deployed functions and secrets. */
export interface ManagementApi {
  url: string;
  /** A profile for the CLI's `--profile` or `SUPABASE_PROFILE`, which leads it to this API. */
  profile: string;
  /** The functions that were uploaded, in the order of their uploads. */
  deployed: DeployedFunction[];
  /** The functions that serve requests. The CLI replaces them in one call, after the uploads. */
  active: string[];
  /** The secrets of the project. */
  secrets: Record<string, string>;
  /** The command lines of all processes at the time of each call. */
  commandLines: string[];
  /** The upload of this function fails. */
  broken: string | null;
}

/**
 * Serves the calls of the Supabase CLI, and writes the uploaded files into a folder for each function. Source:
 * https://api.supabase.com/api/v1
 */
export async function serveManagementApi(
  folder: string,
  publishableKey = "",
): Promise<ManagementApi> {
  const api: ManagementApi = {
    url: "",
    profile: path.join(folder, "profile.yaml"),
    deployed: [],
    active: [],
    secrets: {},
    commandLines: [],
    broken: null,
  };
  const app = new Hono()
    .use(async (_, next) => {
      api.commandLines.push(...await readCommandLines());
      await next();
    })
    .post("/v1/projects/:ref/functions/deploy", async (c) => {
      const form = await c.req.formData();
      const metadata = Metadata.parse(JSON.parse(String(form.get("metadata"))));
      const { name } = metadata;
      if (name === api.broken) return c.json({ message: "Bundle generation timed out" }, 400);
      for (const file of form.getAll("file")) {
        if (typeof file === "string") continue;
        const target = path.join(folder, name, file.name);
        await mkdir(path.dirname(target), { recursive: true });
        await writeFile(target, await file.bytes());
      }
      api.deployed.push(metadata);
      return c.json({ id: name, slug: name, name, status: "ACTIVE", version: 1 }, 201);
    })
    .put("/v1/projects/:ref/functions", async (c) => {
      api.active = Active.parse(await c.req.json()).map(({ slug }) => slug);
      return c.json({ functions: [] });
    })
    .post("/v1/projects/:ref/secrets", async (c) => {
      for (const { name, value } of Secrets.parse(await c.req.json())) api.secrets[name] = value;
      return c.body(null, 201);
    })
    .get("/v1/projects/:ref/api-keys", (c) =>
      c.json([
        { id: "anon", type: "legacy", name: "anon", api_key: "none" },
        { id: "default", type: "publishable", name: "default", api_key: publishableKey },
      ]))
    .get("*", (c) => c.json([]));
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  api.url = await listen(server, 0);
  onTestFinished(() => closeServer(server));
  const addresses = `api_url: ${api.url}\ndashboard_url: ${api.url}\nproject_host: example.com\n`;
  await writeFile(api.profile, `name: test\n${addresses}`);
  return api;
}

/** Returns the command lines that everybody on this machine can see now. */
export async function readCommandLines(): Promise<string[]> {
  const files = await Array.fromAsync(glob("/proc/[0-9]*/cmdline"));
  // A process may end in between.
  const lines = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return lines.map((line) => line.replaceAll("\0", " "));
}
