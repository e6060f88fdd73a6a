import { expect, test } from "vitest";
import { createSession, createUser } from "../helpers/stack.ts";
import { launchBrowser, openPage, serveApp } from "./browser.ts";

/** Puts a function into the page that uploads a text of this size and returns the shares and the stored size. */
const SCRIPT = `import { createClient } from "@supabase/supabase-js";
import { createParley } from "parley-client";
import { API_URL, PUBLISHABLE_KEY } from "./config";

globalThis.upload = async ({ email, password, sessionId, bytes }) => {
  const supabase = createClient(API_URL, PUBLISHABLE_KEY);
  const { error } = await supabase.auth.signInWithPassword({ email, password });
  if (error) throw error;
  const shares = [];
  const { file } = await createParley(supabase).files.upload(
    new File(["x".repeat(bytes)], "long.txt"),
    { sessionId, onProgress: (share) => shares.push(share) },
  );
  return { shares, size: file.file_size };
};`;

test("a browser reports each step of an upload", async () => {
  const bytes = 8_000_000;
  await using browser = await launchBrowser();
  const app = await serveApp(SCRIPT);
  try {
    const faults: string[] = [];
    const page = await openPage(browser, app.address, faults);
    const network = await page.context().newCDPSession(page);
    await network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytes,
    });
    const user = await createUser();
    const job = {
      email: user.email,
      password: user.password,
      sessionId: await createSession(user),
      bytes,
    };

    const { shares, size } = await page.evaluate(
      (job) => Reflect.get(globalThis, "upload")(job),
      job,
    );

    expect(size).toBe(bytes);
    expect(shares.length).toBeGreaterThan(2);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual(shares.toSorted((a: number, b: number) => a - b));
    expect(faults).toEqual([]);
  } finally {
    app.close();
  }
});
