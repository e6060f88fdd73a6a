import { expect, test } from "vitest";
import { requireAllowed } from "../../../functions/billing/check-url.ts";

const isAllowed = (origins: string, url: string): boolean => {
  try {
    requireAllowed(origins, url);
    return true;
  } catch {
    return false;
  }
};

test.for(
  [
    ["https://app.example", "https://app.example/done?x=1", true],
    ["https://a.example, https://b.example", "https://b.example/", true],
    ["https://app.example", "http://app.example/", false],
    ["https://app.example", "https://app.example.evil/", false],
    ["https://app.example", "http://localhost:3000/", false],
    ["", "http://localhost:3000/", true],
    ["", "http://127.0.0.1/", true],
    ["", "http://[::1]:8080/", true],
    ["", "https://app.example/", false],
    ["", "ftp://localhost/", false],
  ] as const,
)("with '%s' users may be sent to %s: %s", ([origins, url, expected]) => {
  expect(isAllowed(origins, url)).toBe(expected);
});

test.for(
  [
    ["https://app.example", "https://app.example/"],
    ["https:\\\\app.example\\done", "https://app.example/done"],
    ["  https://app.example/a/../b\n", "https://app.example/b"],
    ["HTTPS://APP.example:443/a b", "https://app.example/a%20b"],
    [
      "https://app.example/?id={CHECKOUT_SESSION_ID}",
      "https://app.example/?id={CHECKOUT_SESSION_ID}",
    ],
    ["https://app.example/{CHECKOUT_SESSION_ID}", "https://app.example/{CHECKOUT_SESSION_ID}"],
  ] as const,
)("of %j, Stripe gets what was checked: %s", ([url, expected]) => {
  expect(requireAllowed("https://app.example", url)).toBe(expected);
});
