import { beforeAll, expect, test } from "vitest";
import { freshEmail } from "../../helpers/mail.ts";
import { createTestClient, must, stack } from "../../helpers/stack.ts";

const { admin } = createTestClient(stack.SECRET_KEY).auth;

beforeAll(async () => {
  for (let index = 0; index < 3; index++) must(await admin.createUser({ email: freshEmail() }));
});

test("a page holds the requested number of users, and the total", async () => {
  const page = must(await admin.listUsers({ page: 1, perPage: 2 }));
  expect(page.users).toHaveLength(2);
  expect(page).toMatchObject({ aud: "authenticated", nextPage: 2 });
  expect("total" in page && page.total).toBeGreaterThanOrEqual(3);
});

test("a user is on one page only, newest first", async () => {
  const users = must(await admin.listUsers({ page: 1, perPage: 1000 })).users;
  const times = users.map(({ created_at }) => Date.parse(created_at));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(new Set(users.map(({ id }) => id)).size).toBe(users.length);
});

test("the last page names no next page", async () => {
  const page = must(await admin.listUsers({ page: 1, perPage: 1000 }));
  expect(page).toMatchObject({ nextPage: null, lastPage: 1 });
});

test("a page beyond the end is empty and still has the total", async () => {
  const page = must(await admin.listUsers({ page: 9, perPage: 1000 }));
  expect(page.users).toEqual([]);
  expect("total" in page && page.total).toBeGreaterThanOrEqual(3);
});

test.each(["page=0", "page=-1", "page=x", "per_page=0", "page=1e30", "per_page=1.5"])(
  "%s is refused",
  async (query) => {
    const response = await fetch(`${stack.API_URL}/auth/v1/admin/users?${query}`, {
      headers: { apikey: stack.SECRET_KEY },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error_code: "validation_failed" });
  },
);
