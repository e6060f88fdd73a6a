import { cp, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { type Bundle, bundleFunctions } from "../../scripts/deploy/bundle-functions.ts";
import { privateFolder } from "../../scripts/deploy/project.ts";
import type { Route } from "../../types/route.ts";
import { routes } from "../../types/routes.ts";
import { scratchDirectory } from "../helpers/fake-programs.ts";
import { stack } from "../helpers/stack.ts";

/** Answers requests on Deno as Supabase does: a process knows one function, and nothing but its file. */
const SERVE = `
  const [file, method, url] = Deno.args;
  const { default: app } = await import(file);
  const { status } = await app.fetch(new Request(url, { method }));
  console.log(status);
  Deno.exit();`;

/** The status of a request without credentials. */
const EXPECTED = { none: 200, publishable: 401, user: 401, secret: 401, signature: 400 };

/** Returns the first route of a function. */
function routeOf(name: string): Route {
  const route = routes.find(({ path }) => path.split("/")[1] === name);
  if (!route) throw new Error(`no route of ${name}`);
  return route;
}

/** Returns the status of a request to a bundle, in a process that sees its file and this machine's ports. */
async function answer({ file, name }: Bundle): Promise<number> {
  const route = routeOf(name);
  const folder = path.dirname(file);
  const flags = ["--no-config", "--no-npm", "--no-remote", "--no-prompt", "--allow-env"];
  const { stdout } = await execa(
    "deno",
    ["run", ...flags, `--allow-read=${folder}`, "--allow-net=127.0.0.1", "-"].concat(
      [file, route.method, `http://127.0.0.1${route.path}`],
    ),
    {
      preferLocal: true,
      localDir: REPOSITORY,
      cwd: folder,
      input: SERVE,
      env: {
        SUPABASE_URL: stack.API_URL,
        SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.PUBLISHABLE_KEY }),
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.SECRET_KEY }),
        OPENAI_API_KEY: "sk-none",
        OPENAI_WEBHOOK_SECRET: "whsec_none",
        STRIPE_SECRET_KEY: "sk_test_none",
        STRIPE_WEBHOOK_SECRET: "whsec_none",
      },
    },
  );
  // The log of the request comes first.
  return Number(stdout.trim().split("\n").at(-1));
}

const place = await privateFolder();
let bundles: Bundle[] = [];

beforeAll(async () => {
  bundles = await bundleFunctions(place.folder);
});
afterAll(() => place[Symbol.asyncDispose]());

test("a bundle has at most 3 MB", () => {
  for (const { name, bytes } of bundles) expect(bytes, name).toBeLessThanOrEqual(3_000_000);
});

test("the same code gives the same bytes, in any folder", { timeout: 180_000 }, async () => {
  const project = await scratchDirectory();
  for (const each of ["functions", "types", "supabase/config.toml", "package.json"]) {
    await cp(path.join(REPOSITORY, each), path.join(project, each), { recursive: true });
  }
  await symlink(path.join(REPOSITORY, "node_modules"), path.join(project, "node_modules"));

  const again = await bundleFunctions(await scratchDirectory(), project);

  expect(again.map(({ name }) => name)).toEqual(bundles.map(({ name }) => name));
  for (const [index, { name, file }] of bundles.entries()) {
    const copy = await readFile(again[index]?.file ?? "");
    expect(copy.equals(await readFile(file)), name).toBe(true);
  }
});

test("each bundle runs on Deno without packages or network", { timeout: 180_000 }, async () => {
  const statuses: Record<string, number> = {};
  for (const bundle of bundles) statuses[bundle.name] = await answer(bundle);

  expect(statuses).toEqual(
    Object.fromEntries(bundles.map(({ name }) => [name, EXPECTED[routeOf(name).auth]])),
  );
});
