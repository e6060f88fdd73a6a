import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";

const MAIN = path.join(import.meta.dirname, "main.ts");

describe("main", () => {
  it("prints its address in one line and ends cleanly on SIGTERM", async () => {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, PARLEY_OPENAI_PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    const output = createInterface(child.stdout).on("line", (line) => lines.push(line));
    await once(output, "line");
    expect(lines[0]).toMatch(/^openai emulator ready on http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const url = lines[0]?.split(" ").at(-1);
    const reply = await fetch(`${url}/conversations/conv_x`, {
      headers: { authorization: "Bearer sk-test" },
    });
    expect(reply.status).toBe(404);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });
});
