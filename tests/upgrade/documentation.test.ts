// Runs the samples of docs/customize.md and docs/deploy.md, as a team would use them.
import { glob, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startFunctions } from "../../local/functions/serve-functions.ts";
import { BASELINE_VERSION } from "../../local/migrations/baseline.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { runPgTap } from "../database/runner/run-pgtap.ts";
import { createTestDatabases } from "../database/runner/test-databases.ts";
import { copyProject, makeDatabase, migrate } from "./databases.ts";

/** Returns the fenced blocks of a page in one language. */
async function samples(page: string, language: string): Promise<string[]> {
  const text = await readFile(path.join(REPOSITORY, "docs", page), "utf8");
  const fences = text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm);
  return Array.from(fences).filter(([, , found]) => found === language).map(([, , , code = ""]) =>
    code
  );
}

/** Many of Parley's tests run, one after the other. */
const SLOW = { timeout: 300_000 };

test("the samples of customize.md migrate, and Parley's tests accept them", SLOW, async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const sql = await samples("customize.md", "sql");
  const tests = sql.filter((code) => code.startsWith("begin;"));
  const migrations = sql.filter((code) => !code.startsWith("begin;"));
  expect([migrations.length, tests.length]).toEqual([5, 1]);

  await project.write("20270101000000_add_notes.sql", migrations.join("\n"));
  await migrate(database, project);
  await using resources = new AsyncDisposableStack();
  const copies = await createTestDatabases(database.url, resources);
  for (const code of tests) {
    expect(await copies.withDatabase((client) => runPgTap(client, code)))
      .toEqual({ passed: 2, failed: 0, diagnostics: [] });
  }
  expect(await copies.withDatabase((client) => runPgTap(client, CLOSES_AN_ACCOUNT)))
    .toEqual({ passed: 1, failed: 0, diagnostics: [] });
  for (const file of await findListingTests()) {
    const text = await readFile(path.join(REPOSITORY, file), "utf8");
    expect(await copies.withDatabase((client) => runPgTap(client, text)), file)
      .toMatchObject({ failed: 0, diagnostics: [] });
  }
  const [counted] = await database.query<{ assistants: string; columns: string }>(`
    select (select count(*) from private.assistant_instructions where slug = 'acme-guide') as assistants,
      (select count(*) from information_schema.columns where column_name = 'acme_newsletter') as columns
  `);
  expect(counted).toEqual({ assistants: "1", columns: "1" });
  // A later release with an older stamp must still be applied.
  await project.write(
    "20260601000000_parley_0.2.0_x.sql",
    "create table public.topics (id integer);",
  );
  expect(await migrate(database, project)).toEqual(["applies 20260601000000_parley_0.2.0_x.sql"]);
});

/** Closes an account as the deletion does, and looks for its notes. */
const CLOSES_AN_ACCOUNT = `
  begin;
  select plan(1);
  select tests.create_user('leaving');
  insert into public.notes (user_id, body) values (tests.profile_id('leaving'), 'Mine');
  update public.profiles set is_deleted = true, deleted_at = now() where id = tests.profile_id('leaving');
  select is_empty('select * from public.notes', 'no note is left');
  select * from finish();
  rollback;
`;

/** Returns the database tests of Parley that compare with a list or apply to every object, relative to the root. */
async function findListingTests(): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob("tests/database/**/*.test.sql", { cwd: REPOSITORY })) {
    const text = await readFile(path.join(REPOSITORY, file), "utf8");
    if (/\btests\.is_parleys_/.test(text) || file.includes("/catalogue/")) found.push(file);
  }
  expect(found.length).toBeGreaterThan(20);
  return found.toSorted();
}

test("the edge function of customize.md counts with the rights of its caller", async () => {
  const [code = ""] = await samples("customize.md", "ts");
  const [imports = ""] = await samples("customize.md", "json");
  const [config = ""] = await samples("customize.md", "toml");
  const project = await writeFiles({
    "functions/summary/index.ts": code,
    "functions/summary/deno.json": imports,
    "config.toml": config,
  });
  // In a clone, the packages lie above supabase/.
  await symlink(path.join(REPOSITORY, "node_modules"), path.join(project, "node_modules"));
  const rest = await startRest();
  const { service, upstream } = await startFunctions({
    places: { directory: path.join(REPOSITORY, "functions"), project },
    apiUrl: rest.url,
    publishableKey: "sb_publishable_test",
    secretKey: "sb_secret_test",
    openai: { apiKey: "sk-test", baseUrl: "http://127.0.0.1:9/v1" },
    stripe: { secretKey: "sk_test", webhookSecret: "whsec", apiUrl: "http://127.0.0.1:9" },
    streamSeconds: 140,
    allowedOrigins: "",
    log: () => {},
  });
  onTestFinished(() => service.stop());
  const call = async (name: string, headers: HeadersInit = {}) => {
    const response = await fetch(`${upstream.address()}/${name}`, { headers });
    return [response.status, await response.json()];
  };

  expect(upstream.verifiesJwt("summary")).toBe(false);
  expect(await call("summary")).toEqual([401, refusal("unauthorized")]);
  expect(await call("summary", { authorization: "Bearer good" })).toEqual([200, { notes: 3 }]);
  expect(await call("summary", { authorization: "Bearer bad" }))
    .toEqual([401, refusal("unauthorized")]);
  expect(await call("summary", { authorization: "Bearer refused" }))
    .toEqual([404, { code: "session_not_found", message: "This chat does not exist." }]);
  expect(await call("summary", { authorization: "Bearer broken" }))
    .toEqual([500, refusal("internal")]);
  expect(rest.asked.map(({ url, headers }) => [url, headers.apikey])).toEqual(
    Array(4).fill(["/rest/v1/rpc/count_my_notes", "sb_publishable_test"]),
  );
  // A page of a browser asks before it calls, and must be allowed to read every answer.
  const preflight = await fetch(`${upstream.address()}/summary`, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "apikey,authorization,content-type,x-client-info",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers"))
    .toBe("authorization, apikey, content-type, x-client-info");
  const answer = await fetch(`${upstream.address()}/summary`);
  expect([preflight, answer].map(({ headers }) => headers.get("access-control-allow-origin")))
    .toEqual(["*", "*"]);
  // Parley's own functions are served beside it.
  expect(await call("chat")).toMatchObject([405, { code: "method_not_allowed" }]);
});

/** Writes files into a temporary folder, which goes with the test. */
async function writeFiles(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), "parley-documentation-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  return root;
}

/** An error with this code, whose message is a sentence. */
function refusal(code: string) {
  return { code, message: expect.stringMatching(/^[A-Z].* .*\.$/) };
}

/** What PostgREST answers for each token: three notes, a refusal of a rule, and errors of its own. */
const ANSWERS: Record<string, [status: number, body: unknown]> = {
  good: [200, 3],
  bad: [401, { code: "PGRST301", message: "No suitable key or wrong key type" }],
  refused: [404, {
    code: "PT404",
    message: "session_not_found",
    hint: "This chat does not exist.",
  }],
  broken: [404, { code: "PGRST202", message: "Could not find the function public.count_my_notes" }],
};

/** Starts a server that replies as PostgREST does. */
async function startRest() {
  const asked: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push({ url, headers });
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    const [status, body] = ANSWERS[token] ?? [500, null];
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

test("deploy.md records the version of the baseline", async () => {
  expect((await samples("deploy.md", "sh")).join("")).toContain(`applied ${BASELINE_VERSION} `);
});
