import { expect, test, vi } from "vitest";
import { callHttpTool } from "../../../functions/_shared/turn/tools/call-http-tool.ts";

const call = { id: "call", arguments: {}, tool_slug: "book" };

test.for([
  "https://127.0.0.1/x",
  "https://10.0.0.7/x",
  "https://192.168.1.1:8443/x",
  "https://169.254.169.254/latest/meta-data",
  "https://0.0.0.0/x",
  "https://2130706433/x",
  "https://[::1]/x",
  "https://[::ffff:10.0.0.1]/x",
  "https://[fd00::1]/x",
  "https://localhost/x",
])("a deployed project does not call %s", async (url) => {
  const asked = vi.spyOn(globalThis, "fetch");
  const logged: unknown[] = [];
  const log = { info() {}, warn() {}, error: (...line: unknown[]) => void logged.push(line) };
  // Only these two services are used.
  const ports = { log, files: { isLocal: false } } as unknown as Parameters<typeof callHttpTool>[0];

  const end = await callHttpTool(ports, {
    call,
    url,
    timeout_ms: 1_000,
    secret: null,
    lacks_secret: false,
    user_id: "user",
    session_id: "session",
  });

  expect(end).toEqual({ error: "The tool could not be called." });
  expect(asked).not.toHaveBeenCalled();
  expect(JSON.stringify(logged)).toContain("PrivateAddressError");
  asked.mockRestore();
});
