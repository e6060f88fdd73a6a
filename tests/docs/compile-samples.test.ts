// The TypeScript samples of a page are one program: a later sample uses what an earlier one declares.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import * as z from "zod";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { joinTypeScript, listPages, makeSampleFolder, readPage } from "./samples.ts";

const CONFIG = {
  extends: path.join(REPOSITORY, "tsconfig.json"),
  compilerOptions: {
    paths: {
      "parley/*": [path.join(REPOSITORY, "*")],
      "parley-client": [path.join(REPOSITORY, "packages/client/src/index.ts")],
      "parley-client/react": [path.join(REPOSITORY, "packages/client/src/react/index.ts")],
    },
    moduleDetection: "force",
  },
  // A sample of a test uses the helpers, which need the types of the set-up.
  include: ["*.ts", path.join(REPOSITORY, "tests/helpers/stack-setup.ts")],
  exclude: [],
};

const Packages = z.object({ devDependencies: z.record(z.string(), z.string()) });

/** What the samples use without declaring it. No file of its own: the names would be global in the whole repository. */
const CONTEXT = `
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database, Parley, Session } from "parley-client";

declare global {
  /** Address and key of the project, as \`npm run status\` prints them. */
  const API_URL: string;
  const PUBLISHABLE_KEY: string;
  /** A client of a signed-in user. */
  const supabase: SupabaseClient<Database>;
  /** The client of the same user. */
  const parley: Parley;
  /** A chat of that user. */
  const chat: Session;
  /** A code of the bridge, which another app has handed over. */
  const code: string;
  /** Edge functions run on Deno. */
  const Deno: {
    env: { get(name: string): string | undefined };
    serve(handler: (request: Request) => Response | Promise<Response>): unknown;
  };
}
`;

async function versionsOf(file: string): Promise<Record<string, string>> {
  return Packages.parse(JSON.parse(await readPage(file))).devDependencies;
}

/** Compiles the samples of pages. Returns the compiler's messages, empty when there are none. */
async function compile(pages: Map<string, string>): Promise<string> {
  await using folder = await makeSampleFolder();
  await writeFile(path.join(folder.path, "tsconfig.json"), JSON.stringify(CONFIG));
  await writeFile(path.join(folder.path, "context.d.ts"), CONTEXT);
  for (const [page, text] of pages) {
    const code = joinTypeScript(text);
    if (code === "") continue;
    await writeFile(path.join(folder.path, `${path.basename(page)}.ts`), code);
  }
  const { stdout } = await execa("tsc", ["-p", folder.path, "--pretty", "false"], {
    preferLocal: true,
    cwd: folder.path,
    reject: false,
  });
  return stdout;
}

test("the TypeScript samples of all pages compile", async () => {
  const pages = await listPages();
  const texts = new Map<string, string>();
  for (const page of pages) texts.set(page, await readPage(page));

  expect(pages).toContain("docs/client.md");
  expect(await compile(texts)).toBe("");
});

test("client.md and getting-started.md name the versions of the packages that a client needs", async () => {
  const { ai } = await versionsOf("package.json");
  const { "@ai-sdk/react": react } = await versionsOf("packages/client/package.json");

  for (const page of ["docs/client.md", "docs/getting-started.md"]) {
    expect(await readPage(page))
      .toContain(`@supabase/supabase-js ai@${ai} @ai-sdk/react@${react}\n`);
  }
});

test("a wrong sample is named by page and line", async () => {
  const page = "# Page\n\n```sh\nls\n```\n\n```ts\nconst text: string = 1;\n```\n";

  expect(await compile(new Map([["docs/page.md", page]]))).toMatch(/^page\.md\.ts\(8,7\): error/);
});
