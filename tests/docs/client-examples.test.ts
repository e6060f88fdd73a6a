// Every example in the documentation of the client package compiles, and every function has one.
import { glob, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { makeSampleFolder } from "./samples.ts";

const SOURCE = path.join(REPOSITORY, "packages/client/src");

const CONFIG = {
  extends: path.join(REPOSITORY, "tsconfig.json"),
  compilerOptions: { moduleDetection: "force" },
  include: ["*.ts"],
  exclude: [],
};

/** What the examples use without declaring it. */
const CONTEXT = `
import type * as supabaseJs from "@supabase/supabase-js";
import type * as client from "${SOURCE}/index.ts";

declare global {
  const API_URL: string;
  const PUBLISHABLE_KEY: string;
  const createClient: typeof supabaseJs.createClient;
  const createParley: typeof client.createParley;
  const readError: typeof client.readError;
  const readResponse: typeof client.readResponse;
  const isError: typeof client.isError;
  const toUIMessage: typeof client.toUIMessage;
  const supabase: client.ParleySupabase;
  const parley: client.Parley;
  const error: unknown;
  /** A chat of the user. */
  const session: client.Session;
  type Database = client.Database;
  type ParleyMessage = client.ParleyMessage;
}
`;

/** The comment of a declaration, and its first line. */
const DOCUMENTED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n *([^\n]*)/g;

interface Documented {
  file: string;
  declaration: string;
  example: string | null;
}

/** Reads what has a comment in the package, without its React hooks. */
async function readDocumented(): Promise<Documented[]> {
  const found: Documented[] = [];
  for (const file of await Array.fromAsync(glob("*.ts", { cwd: SOURCE }))) {
    const text = await readFile(path.join(SOURCE, file), "utf8");
    for (const [, comment = "", declaration = ""] of text.matchAll(DOCUMENTED)) {
      const lines = comment.replaceAll(/^ *\* ?/gm, "");
      const [, example = null] = lines.match(/@example\n([\s\S]*)/) ?? [];
      found.push({ file, declaration, example });
    }
  }
  return found;
}

const documented = await readDocumented();

test("the examples of the client package compile", async () => {
  await using folder = await makeSampleFolder();
  await writeFile(path.join(folder.path, "tsconfig.json"), JSON.stringify(CONFIG));
  await writeFile(path.join(folder.path, "context.d.ts"), CONTEXT);
  const examples = documented.filter(({ example }) => example !== null);
  for (const [index, { file, example }] of examples.entries()) {
    await writeFile(path.join(folder.path, `${file}-${index}.ts`), `${example}\nexport {};\n`);
  }
  const { stdout } = await execa("tsc", ["-p", folder.path, "--pretty", "false"], {
    preferLocal: true,
    cwd: folder.path,
    reject: false,
  });
  expect(examples.length).toBeGreaterThan(50);
  expect(stdout).toBe("");
});

test("each method of the interfaces, and each exported function, has an example", () => {
  // A method of an interface ends its line with a type or an open bracket, and never with a body.
  const methods = documented.filter(({ file, declaration, example }) =>
    /^\w+\(.*[;(]$/.test(declaration) && example === null && !INTERNAL.has(file)
  );
  expect(methods.map(({ file, declaration }) => `${file}: ${declaration}`)).toEqual([]);
});

/** Files that the package does not export from. */
const INTERNAL = new Set(["calls.ts", "open-reply.ts", "ui-message.ts"]);
