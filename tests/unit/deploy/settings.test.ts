import { expect, test } from "vitest";
import { readDeploySettings } from "../../../scripts/deploy/settings.ts";

const COMPLETE = {
  SUPABASE_PROJECT_REF: "abcdefghijklmnopqrst",
  SUPABASE_ACCESS_TOKEN: "sbp_0123",
  DATABASE_URL: "postgresql://postgres.abc:p%40ss@pooler.supabase.com:5432/postgres",
  PARLEY_SECRET_KEY: "sb_secret_x",
  OPENAI_API_KEY: "sk-x",
};

test("each setting that is missing has one sentence that says where to get it", () => {
  for (const name of Object.keys(COMPLETE)) {
    const { problems, settings } = readDeploySettings({ ...COMPLETE, [name]: " " });

    expect(settings).toBeNull();
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${name} is missing\\. It is .*\\.$`)),
    ]);
  }
});

test.each([
  ["SUPABASE_PROJECT_REF", "my-project"],
  ["SUPABASE_ACCESS_TOKEN", "eyJhbGciOi"],
  ["DATABASE_URL", "postgresql://postgres@db.example.com/postgres"],
  ["DATABASE_URL", "postgresql://postgres:hunter22@pooler.supabase.com:6543/postgres"],
  ["PARLEY_SECRET_KEY", "sb_publishable_x"],
  ["PARLEY_FUNCTIONS_URL", "https://abcdefghijklmnopqrst.supabase.co"],
  ["OPENAI_BASE_URL", "http://127.0.0.1:4010/v1"],
  ["STRIPE_API_URL", "http://localhost:4020"],
])("%s may not be %s, and its value is not shown", (name, value) => {
  const { problems } = readDeploySettings({ ...COMPLETE, [name]: value });

  expect(problems).toEqual([expect.stringContaining(name)]);
  expect(problems.join()).not.toContain(value);
});

test("the settings of Stripe go together", () => {
  const key = { STRIPE_SECRET_KEY: "rk_x" };
  const secret = { STRIPE_WEBHOOK_SECRET: "whsec_x" };

  expect(readDeploySettings({ ...COMPLETE, ...key }).problems)
    .toEqual([expect.stringMatching(/^STRIPE_WEBHOOK_SECRET is missing/)]);
  expect(readDeploySettings({ ...COMPLETE, ...secret }).problems)
    .toEqual([expect.stringMatching(/^STRIPE_SECRET_KEY is missing/)]);
  expect(readDeploySettings({ ...COMPLETE, ...key, ...secret }).problems).toEqual([]);
});

test("the address of the functions follows from the project, and the variables are those of functions", () => {
  const { settings } = readDeploySettings({
    ...COMPLETE,
    PARLEY_API_PORT: "1",
    VECTOR_STORE_DAYS: "9",
  });

  expect(settings?.functionsUrl).toBe("https://abcdefghijklmnopqrst.supabase.co/functions/v1");
  expect(settings?.variables).toEqual({ OPENAI_API_KEY: "sk-x", VECTOR_STORE_DAYS: "9" });
  expect(settings?.secrets).toEqual(
    expect.arrayContaining(["sk-x", "sb_secret_x", "p@ss", "p%40ss"]),
  );
});
