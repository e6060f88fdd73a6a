import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

const EXTERNAL = ["react", "ai", "@ai-sdk/react", "@supabase/supabase-js"];
/** The most bytes that the core may add to an app, minified and compressed, with the packages that it brings along. */
const CORE_BYTES = 8_600;
/** The same with the hooks. */
const HOOKS_BYTES = 10 * 1024;

/** Bundles some of the entry points as an app does. */
async function bundle(...entries: string[]) {
  const contents = entries.map((entry) => `export * from ${JSON.stringify(entry)};`).join("");
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: `${import.meta.dirname}/src` },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    external: EXTERNAL,
  });
  return { metafile, bytes: gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length };
}

test("the core stays small, and so does the core with the hooks", async () => {
  expect((await bundle("./index.ts")).bytes).toBeLessThanOrEqual(CORE_BYTES);
  expect((await bundle("./index.ts", "./react/index.ts")).bytes).toBeLessThanOrEqual(HOOKS_BYTES);
});

test("the core runs no code of zod, the AI SDK, React or supabase-js", async () => {
  const { metafile } = await bundle("./index.ts");
  const packages = Object.keys(metafile.inputs).flatMap((input) =>
    input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []
  );
  expect(new Set(packages)).toEqual(new Set(["eventsource-parser", "is-network-error"]));
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});
