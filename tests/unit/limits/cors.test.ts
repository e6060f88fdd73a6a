import { afterEach, expect, test, vi } from "vitest";
import { createFunction } from "../../../functions/_shared/http/create-function.ts";

afterEach(() => void vi.unstubAllEnvs());

const app = createFunction({ name: "any", log: { info() {}, warn() {}, error() {} } });

async function allowed(origin: string): Promise<string | null> {
  const init = { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } };
  return (await app.request("/any", init)).headers.get("access-control-allow-origin");
}

test("PARLEY_ALLOWED_ORIGINS lists the pages that may read; pages of this machine are then refused", async () => {
  vi.stubEnv("PARLEY_ALLOWED_ORIGINS", "https://app.example, capacitor://localhost");

  expect(await allowed("https://app.example")).toBe("https://app.example");
  expect(await allowed("capacitor://localhost")).toBe("capacitor://localhost");
  expect(await allowed("http://localhost:3000")).toBeNull();
  expect(await allowed("https://evil.example")).toBeNull();
});

test("without PARLEY_ALLOWED_ORIGINS, pages of this machine may read", async () => {
  vi.stubEnv("PARLEY_ALLOWED_ORIGINS", "");

  expect(await allowed("http://localhost:3000")).toBe("http://localhost:3000");
  expect(await allowed("https://app.example")).toBeNull();
});
