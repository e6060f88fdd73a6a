import { expect, test } from "vitest";
import { isAllowedOrigin } from "../../../functions/_shared/http/allowed-origins.ts";

test.for(
  [
    ["", "http://localhost:3000", true],
    ["", "http://127.0.0.1:5173", true],
    ["", "https://[::1]", true],
    ["", "https://app.example", false],
    ["", "http://localhost.evil.example", false],
    ["", "app://localhost", false],
    ["", "null", false],
    ["", "", false],
    ["https://app.example", "https://app.example", true],
    ["https://a.example, capacitor://localhost", "capacitor://localhost", true],
    ["https://a.example https://b.example", "https://b.example", true],
    ["https://app.example", "http://app.example", false],
    ["https://app.example", "https://app.example:8443", false],
    ["https://app.example", "https://app.example.evil.example", false],
    ["https://app.example", "https://sub.app.example", false],
    ["https://app.example", "http://localhost:3000", false],
  ] as const,
)("with '%s', %s is allowed: %s", ([setting, origin, isAllowed]) => {
  expect(isAllowedOrigin(setting, origin)).toBe(isAllowed);
});
