import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { readRequests } from "../../../scripts/reference/openapi-schemas.ts";
import { hasWords } from "../../../types/describe-issue.ts";
import { routes } from "../../../types/routes.ts";

test("the list has exactly the routes of the handlers", async () => {
  const handlers = await Array.fromAsync(glob("functions/*/handler.ts", { cwd: REPOSITORY }));
  const declared = await Promise.all(handlers.map(async (file) => {
    const name = path.basename(path.dirname(file));
    const text = await readFile(path.join(REPOSITORY, file), "utf8");
    return [...text.matchAll(/\bapp\.(get|post|patch|delete|put)\(\s*"([^"]+)"/g)]
      .map(([, method = "", at = ""]) => `${method.toUpperCase()} /${name}${at === "/" ? "" : at}`);
  }));

  expect(routes.map(({ method, path: at }) => `${method} ${at}`).sort())
    .toEqual(declared.flat().sort());
});

test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s describes every field of its request",
  (_, route) => {
    const names = readRequests(route).flatMap(({ fields }) => fields.map(({ name }) => name));

    expect(names.filter((name) => name !== "file" && !hasWords(name))).toEqual([]);
  },
);
