import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { REPOSITORY } from "../../local/stack/settings.ts";
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
  page.on("console", (line) => line.type() === "error" && faults.push(line.text()));
  await page.goto(address);
  return page;
}

/** The module with the addresses of the stack under test, for an app. */
export const CONFIG = `export const API_URL = ${JSON.stringify(stack.API_URL)};
export const PUBLISHABLE_KEY = ${JSON.stringify(stack.PUBLISHABLE_KEY)};
`;

/** Serves `app/Chat.tsx` with the client's sources. */
export async function serveApp(): Promise<{ address: string; close(): void }> {
  const client = path.join(REPOSITORY, "packages/client/src");
  const { outputFiles: [bundle] } = await build({
    stdin: {
      contents: `import { createRoot } from "react-dom/client";
import { StrictMode } from "react";
import App from "./Chat.tsx";
createRoot(document.body).render(<StrictMode><App /></StrictMode>);`,
      loader: "tsx",
      resolveDir: path.join(REPOSITORY, "tests/client/app"),
    },
    alias: {
      "parley-client": `${client}/index.ts`,
      "parley-client/react": `${client}/react/index.ts`,
    },
    plugins: [{
      name: "config",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^\.\/config$/ }, () => ({ path: "config", namespace: "config" }));
        onLoad({ filter: /.*/, namespace: "config" }, () => ({ contents: CONFIG }));
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
