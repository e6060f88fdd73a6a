import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** The most bytes that the core may add to an app, minified and compressed, with the packages that it brings along. */
const MOST_BYTES = 9_250;

const { outputFiles, metafile } = await build({
  entryPoints: ["packages/client/src/index.ts"],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "esm",
  target: "es2022",
});

test("the core stays small", () => {
  const [file] = outputFiles;
  expect(gzipSync(file?.contents ?? "", { level: 9 }).length).toBeLessThan(MOST_BYTES);
});

test("the core runs no code of zod, the AI SDK, React or supabase-js", () => {
  const packages = Object.keys(metafile.inputs).flatMap((input) =>
    input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []
  );
  expect(new Set(packages)).toEqual(new Set(["eventsource-parser", "is-network-error"]));
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});
