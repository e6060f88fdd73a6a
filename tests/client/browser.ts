import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { findSamples, readPage } from "../docs/samples.ts";
import { stack } from "../helpers/stack.ts";

/** Starts Debian's Chromium, or the browser that CHROMIUM_PATH names. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
    // Tests run as root in containers, where Chromium has no sandbox.
    args: ["--no-sandbox"],
  });
}

/** Opens a page. Its uncaught and logged errors are added to `faults`. */
export async function openPage(
  context: Browser | BrowserContext,
  address: string,
  faults: string[],
): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (line) => {
    // The app asks whether a new user exists already.
    const isSignIn = line.location().url.includes("/auth/v1/token?grant_type=password");
    if (line.type() === "error" && !isSignIn) faults.push(line.text());
  });
  await page.goto(address);
  return page;
}

/** The module with the addresses of the stack under test, for an app. */
export const CONFIG = `export const API_URL = ${JSON.stringify(stack.API_URL)};
export const PUBLISHABLE_KEY = ${JSON.stringify(stack.PUBLISHABLE_KEY)};
`;

/** The app of docs/getting-started.md. */
export const [APP = ""] = findSamples(await readPage("docs/getting-started.md"), "tsx");

/** Signs a new user up in the app. */
export async function signUp(page: Page): Promise<void> {
  await page.getByLabel("Email").fill(`user-${crypto.randomUUID()}@example.com`);
  await page.getByLabel("Password").fill(crypto.randomUUID());
  await page.getByRole("button", { name: "Sign in or sign up" }).click();
  await page.getByRole("button", { name: "New chat" }).waitFor();
}

const START_APP = `import { createRoot } from "react-dom/client";
import { StrictMode } from "react";
import App from "./App";
createRoot(document.body).render(<StrictMode><App /></StrictMode>);`;

/** Serves a page with the client's sources: by default, the app. The script may import the app and its config. */
export async function serveApp(
  script = START_APP,
): Promise<{ address: string; close(): void }> {
  const client = path.join(REPOSITORY, "packages/client/src");
  const modules: Record<string, string> = { "./App": APP, "./config": CONFIG };
  const { outputFiles: [bundle] } = await build({
    stdin: {
      contents: script,
      loader: "tsx",
      resolveDir: client,
    },
    alias: {
      "parley-client": `${client}/index.ts`,
      "parley-client/react": `${client}/react/index.ts`,
    },
    plugins: [{
      name: "app",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^\.\/(App|config)$/ }, ({ path }) => ({ path, namespace: "app" }));
        onLoad({ filter: /.*/, namespace: "app" }, ({ path }) => ({
          contents: modules[path],
          loader: "tsx",
          resolveDir: client,
        }));
      },
    }],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    target: "es2022",
    write: false,
  });
  const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module">${bundle?.text.replaceAll("</script", "<\\/script")}</script>`;
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, close: () => server.close() };
}
