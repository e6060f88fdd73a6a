import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { checkImports } from "../../scripts/check-imports.ts";

/** Writes a project with these files into a temporary folder. */
async function plant(files: Record<string, string>): Promise<string> {
  const project = await mkdtemp(path.join(os.tmpdir(), "parley-imports-"));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  await copyFile(path.join(REPOSITORY, ".oxlintrc.json"), path.join(project, ".oxlintrc.json"));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(project, file)), { recursive: true });
    await writeFile(path.join(project, file), text);
  }
  return project;
}

test("an import cycle of types is found", async () => {
  const project = await plant({
    "functions/one.ts": 'import type { Two } from "./two.ts";\nexport type One = Two | 1;\n',
    "functions/two.ts": 'import type { One } from "./one.ts";\nexport type Two = One | 2;\n',
  });
  await expect(checkImports(["functions"], project)).rejects.toThrow(/no-cycle/);
});

test.each([
  ["types/api.ts", "../functions/x.ts"],
  ["packages/one/main.ts", "../../local/x.ts"],
  ["functions/chat/handler.ts", "../billing/x.ts"],
  ["functions/chat/handler.ts", "../../local/x.ts"],
  ["functions/_shared/http/log.ts", "../turn/x.ts"],
  ["functions/_shared/stripe/client.ts", "../openai/x.ts"],
  ["functions/_shared/session-files/send.ts", "../turn/x.ts"],
  ["functions/_shared/turn/events/map.ts", "../run-turn.ts"],
  ["local/stack/stack.ts", "../../scripts/x.ts"],
  ["scripts/check.ts", "../tests/x.ts"],
  ["tests/unit/a.test.ts", "../../bench/x.ts"],
])("%s may not import %s", async (file, target) => {
  const project = await plant({
    [file]: `import type { X } from "${target}";\nexport type Y = X;\n`,
  });
  await expect(checkImports([file.split("/")[0] ?? ""], project)).rejects.toThrow(/restricted/);
});

test("files that the linter does not read are reported", async () => {
  const project = await plant({ "functions/one.ts": "export const one = 1;\n", ".gitignore": "" });
  await expect(checkImports(["functions"], project)).resolves.toBeUndefined();
  await writeFile(path.join(project, ".gitignore"), "functions/two.ts\n");
  await writeFile(path.join(project, "functions/two.ts"), "export const two = 2;\n");
  await expect(checkImports(["functions"], project)).rejects.toThrow(/has read 1 of 2 files/);
});
