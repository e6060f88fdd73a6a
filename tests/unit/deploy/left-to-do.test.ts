import { expect, test } from "vitest";
import { listLeftToDo } from "../../../scripts/deploy/left-to-do.ts";

const SETTINGS = {
  project: "abcdefghijklmnopqrst",
  databaseUrl: "postgresql://localhost",
  functionsUrl: "https://abcdefghijklmnopqrst.supabase.co/functions/v1",
  secretKey: "sb_secret_x",
  publishableKey: null,
  variables: {},
  secrets: [],
};

test("the list says what to do if Realtime has no tables yet, and only then", () => {
  const sentence =
    "Live events are off, because Realtime has not made its tables yet. Join a channel once at " +
    "https://supabase.com/dashboard/project/abcdefghijklmnopqrst/realtime/inspector, then deploy again.";

  expect(listLeftToDo(SETTINGS, false)).toContain(sentence);
  expect(listLeftToDo(SETTINGS, true).join()).not.toContain("Live events");
});
