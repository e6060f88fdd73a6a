import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import {
  envFileSettings,
  scriptSettings,
  settings,
} from "../../../scripts/reference/setting-list.ts";

test(".env.example has every variable of the list, with the default of the code", async () => {
  const text = await readFile(path.join(REPOSITORY, ".env.example"), "utf8");
  const written = [...text.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map((
    [, name, value],
  ) => [name, value]);

  expect(new Map(written.map(([name, value]) => [name, value]))).toEqual(
    new Map(
      envFileSettings.map(({ name, default: value, example }) => [name, example ?? value ?? ""]),
    ),
  );
});

test("every variable that a script reads is in the list", async () => {
  const files = await Array.fromAsync(glob("scripts/**/*.ts", { cwd: REPOSITORY }));
  const texts = await Promise.all(
    files.map((file) => readFile(path.join(REPOSITORY, file), "utf8")),
  );
  const text = texts.join("\n");
  const read = [
    ...[...text.matchAll(/process\.env\.([A-Z_]+)/g)].map(([, name = ""]) => name),
    // Deployment reads its settings by name.
    ...[...text.matchAll(/\b(?:get\(|name: )"([A-Z_]+)"/g)].map(([, name = ""]) => name),
    ...[...text.matchAll(/\{([^{}]*)\} = process\.env;/g)]
      .flatMap(([, names = ""]) => names.match(/\b[A-Z][A-Z_]+\b/g) ?? []),
  ];
  const known = new Set([...settings.map(({ name }) => name), ...Object.keys(scriptSettings)]);

  expect(read.length).toBeGreaterThan(5);
  expect(read.filter((name) => !known.has(name))).toEqual([]);
  expect(Object.keys(scriptSettings).filter((name) => !read.includes(name))).toEqual([]);
});

test("defaults come from the code", () => {
  const defaults = new Map(settings.map(({ name, default: value }) => [name, value]));

  expect(defaults.get("PARLEY_API_PORT")).toBe("54321");
  expect(defaults.get("STRIPE_API_URL")).toBe("https://api.stripe.com");
  expect(defaults.get("OPENAI_API_KEY")).toBeNull();
});
