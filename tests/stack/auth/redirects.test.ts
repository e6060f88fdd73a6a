import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { resolveRedirect, SITE_URL } from "../../../local/auth/http/redirects.ts";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { followLink, linkIn, takeMail } from "../../helpers/mail.ts";
import { createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

/** Returns the redirect that a mailed link names, and the page that it leads to. */
async function targetsOf(redirectTo?: string): Promise<[string | null, string]> {
  const { email } = await createUser();
  const options = redirectTo === undefined ? {} : { emailRedirectTo: redirectTo };
  must(await createTestClient().auth.signInWithOtp({ email, options }));
  const link = linkIn(await takeMail(email));
  const target = await followLink(link);
  return [link.searchParams.get("redirect_to"), target.href.split("#")[0]!];
}

test.each([
  "http://localhost:5173/welcome?next=%2Fchat",
  "http://127.0.0.1:8080/",
  "http://[::1]:3000/deep/path",
  "https://localhost/secure",
])("%s is an allowed redirect", async (redirectTo) => {
  expect(await targetsOf(redirectTo)).toEqual([redirectTo, redirectTo]);
});

test.each([
  "https://evil.example/",
  "http://localhost.evil.example/",
  "http://localhost@evil.example/",
  "http://127.0.0.1.evil.example/",
  "//evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "other-app://callback",
  "/relative",
])("%s is replaced by the site's address", async (redirectTo) => {
  expect(await targetsOf(redirectTo)).toEqual([SITE_URL, `${SITE_URL}/`]);
});

test("the site's address is the one in config.toml", async () => {
  const config = await readFile(path.join(REPOSITORY, "supabase/config.toml"), "utf8");
  expect(config).toContain(`site_url = "${SITE_URL}"`);
});

test("without a requested address a link leads to the site", async () => {
  expect(await targetsOf()).toEqual([SITE_URL, `${SITE_URL}/`]);
});

test("allowed origins are followed, whatever their scheme", () => {
  const allowed = ["https://app.parley.test", "parley-app://callback"];
  for (const wanted of ["https://app.parley.test/after", "parley-app://callback/path"]) {
    expect(resolveRedirect(wanted, allowed)).toBe(wanted);
  }
  for (
    const wanted of [
      "https://app.parley.test.evil.example/",
      "https://app.parley.test:8443/",
      "http://app.parley.test/",
      "parley-app://elsewhere",
      "javascript:alert(1)",
    ]
  ) {
    expect(resolveRedirect(wanted, [...allowed, "javascript:x", "not a url"])).toBe(SITE_URL);
  }
});

test("a link with a manipulated redirect leads to the site", async () => {
  const { email } = await createUser();
  must(await createTestClient().auth.signInWithOtp({ email }));
  const link = linkIn(await takeMail(email));
  link.searchParams.set("redirect_to", "https://evil.example/");
  expect((await followLink(link)).origin).toBe(SITE_URL);
});

test("a line break in the address injects no header", async () => {
  const query = new URLSearchParams({
    token: "x",
    type: "magiclink",
    redirect_to: "http://localhost:3000/a\r\nset-cookie: a=b",
  });
  const response = await fetch(`${stack.API_URL}/auth/v1/verify?${query}`, { redirect: "manual" });
  expect(response.status).toBe(303);
  expect(response.headers.get("set-cookie")).toBeNull();
});
