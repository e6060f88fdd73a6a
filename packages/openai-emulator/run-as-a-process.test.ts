import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";

const MAIN = path.join(import.meta.dirname, "main.ts");

/** The words of a reply, and the time that they take at 60 tokens a second. */
const REPLY = Array(80).fill("word").join(" ");
const REPLY_MS = 1000 * 79 / 60;

describe("main", () => {
  it("prints its address in one line, streams 60 tokens a second, and ends cleanly on SIGTERM", async () => {
    const { url, lines, end } = await startMain();
    expect(lines[0]).toMatch(/^openai emulator ready on http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(await timeReply(url)).toBeGreaterThanOrEqual(0.95 * REPLY_MS);
    expect(await end()).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });

  it("replies as fast as possible if the environment says so", async () => {
    const { url } = await startMain({ PARLEY_OPENAI_TOKENS_PER_SECOND: "0" });
    expect(await timeReply(url)).toBeLessThan(REPLY_MS);
  });
});

/** Returns the milliseconds that the reply takes. */
async function timeReply(url: string): Promise<number> {
  const body = JSON.stringify({ reply: REPLY });
  await fetch(new URL("/_emulator/behaviour", url), { method: "PUT", body });
  const client = new OpenAI({ apiKey: "sk-test", baseURL: url });
  const begun = performance.now();
  await client.responses.create({ model: "gpt-5-mini", input: "Hello" });
  return performance.now() - begun;
}

async function startMain(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PARLEY_OPENAI_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines: string[] = [];
  const output = createInterface(child.stdout).on("line", (line) => lines.push(line));
  await once(output, "line");
  const end = () => {
    child.kill("SIGTERM");
    return once(child, "exit");
  };
  return { url: lines[0]?.split(" ").at(-1) ?? "", lines, end };
}
