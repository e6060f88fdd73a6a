import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stack } from "../helpers/stack.ts";
import { APP, CONFIG, launchBrowser, openPage, signUp } from "./browser.ts";
import {
  createProject,
  install,
  packClient,
  type Project,
  removeProjects,
  VERSIONS,
} from "./projects.ts";

/** The major versions of the AI SDK that the client supports, and those of its React package that fit. */
const AI_SDK: [ai: string, react: string][] = [
  ["ai@6.0.325", "@ai-sdk/react@3.0.328"],
  ["ai@7.0.173", "@ai-sdk/react@4.0.177"],
];

/** Installing and building take a minute or two on a quiet machine. */
const TIMEOUT = 300_000;
let client: string;

beforeAll(async () => {
  client = await packClient();
}, TIMEOUT);
afterAll(removeProjects);

test(
  "`tsc --init`: every type resolves without skipLibCheck, and the program runs on Node 20 and 24",
  { timeout: TIMEOUT },
  async () => {
    const project = await createProject();
    const packages = [VERSIONS.supabase, VERSIONS.typescript, VERSIONS.nodeTypes];
    await install(project, client, ...packages, "node20@npm:node@20.20.2", "ws@8.23.0");
    await project.run("tsc", "--init");
    await project.edit("tsconfig.json", [[/"types": \[\]/, '"types": ["node"]']]);
    await project.copy("talk.ts");

    // supabase-js has types that `exactOptionalPropertyTypes` of `tsc --init` refuses.
    const { all } = await project.try("tsc", "--skipLibCheck", "false", "--outDir", "dist");
    expect(all.match(/^.*(talk\.ts|parley-client).*$/gm) ?? []).toEqual([]);

    expect(await talk(project, process.execPath, "dist/talk.js")).toEqual(SAID);
    // Node 20 has no WebSocket, and supabase-js refuses to start without one.
    await project.write("socket.js", 'globalThis.WebSocket = (await import("ws")).WebSocket;');
    const node20 = path.join(project.folder, "node_modules/node20/bin/node");
    expect(await talk(project, node20, "--import", "./socket.js", "dist/talk.js")).toEqual(SAID);
    expect(await project.run("ls", "node_modules")).not.toMatch(/^(ai|zod|react)$/m);
  },
);

test("Deno checks and runs the program", { timeout: TIMEOUT }, async () => {
  const project = await createProject();
  await install(project, client, VERSIONS.supabase, VERSIONS.nodeTypes);
  await project.copy("talk.ts");
  const deno = path.resolve("node_modules/.bin/deno");

  await project.run(deno, "check", "--node-modules-dir=manual", "talk.ts");

  const args = ["run", "--node-modules-dir=manual", "--allow-all", "talk.ts"];
  expect(await talk(project, deno, ...args)).toEqual(SAID);
});

test.for(AI_SDK)(
  "Vite's template with %s builds with the app of getting-started, and a browser chats",
  { timeout: TIMEOUT },
  async (ai) => {
    const project = await createProject(
      VERSIONS.vite,
      "--template",
      "react-ts",
      "--no-interactive",
    );
    await install(project, client, VERSIONS.supabase, ...ai);
    await project.write("src/App.tsx", APP);
    await project.write("src/config.ts", CONFIG);

    await project.run("npm", "run", "build");

    await chatInBrowser(project, "vite", "preview", "--host", "127.0.0.1", "--port", "0");
  },
);

test(
  "Next's template builds with both bundlers, and a browser chats",
  { timeout: TIMEOUT },
  async () => {
    const flags =
      "--ts --app --no-linter --use-npm --skip-install --disable-git --no-tailwind --no-src-dir --yes";
    const project = await createProject(VERSIONS.next, ...flags.split(" "));
    await install(project, client, VERSIONS.supabase, "ai@7.0.173", "@ai-sdk/react@4.0.177");
    await project.write("app/page.tsx", `"use client";\n${APP}`);
    // The template's font comes from Google.
    await project.edit("app/layout.tsx", [
      [/import \{ Geist.*\n/, ""],
      [/const geist[^;]*;\n/g, ""],
      [/ className=\{.*\}/, ""],
    ]);
    await project.write("app/config.ts", CONFIG);

    for (const bundler of ["--turbopack", "--webpack"]) {
      await project.run("next", "build", bundler);
      await chatInBrowser(project, "next", "start", "--hostname", "127.0.0.1", "--port", "0");
    }
  },
);

/** What `app/talk.ts` prints when everything works. */
const SAID = {
  reply: expect.stringContaining("the rain in Lisbon"),
  history: ["user", "assistant"],
  file: "ready",
  used: 1,
  refusal: "not_found",
};

async function talk(project: Project, command: string, ...args: string[]): Promise<unknown> {
  return JSON.parse(await project.run(command, ...args, stack.API_URL, stack.PUBLISHABLE_KEY));
}

/** Serves a built project and uses it as a person does. */
async function chatInBrowser(project: Project, ...command: [string, ...string[]]): Promise<void> {
  const server = project.start(...command);
  const [address, browser] = await Promise.all([addressOf(server), launchBrowser()]);
  try {
    const faults: string[] = [];
    const page = await openPage(browser, address, faults);
    await signUp(page);
    await page.getByRole("button", { name: "New chat" }).click();
    await page.getByRole("textbox", { name: "Message" }).fill("the rain in Lisbon");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("listitem").filter({ hasText: /^assistant: .*the rain in Lisbon/ })
      .waitFor();
    await page.getByText("Messages this month: 1").waitFor();
    await page.reload();
    await page.getByRole("listitem").filter({ hasText: /^assistant: .*the rain in Lisbon/ })
      .waitFor();
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
    server.kill();
    await server;
  }
}

/** Returns the address that a server prints, perhaps in colours. Rejects after half a minute. */
async function addressOf(server: ReturnType<Project["start"]>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  AbortSignal.timeout(30_000).onabort = () => reject(new Error(`No address in:\n${printed}`));
  let printed = "";
  // The stream keeps flowing: execa waits for its end.
  server.all.on("data", (chunk) => {
    printed += stripVTControlCharacters(String(chunk));
    const [address] = printed.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
    if (address) resolve(address);
  });
  server.all.on("end", () => reject(new Error(`The server ended without an address:\n${printed}`)));
  return await promise;
}
