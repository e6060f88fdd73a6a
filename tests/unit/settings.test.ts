import { expect, test } from "vitest";
import { readSettings } from "../../local/stack/settings.ts";

test.each([
  [{}, 365, 730],
  [{ ACTIVITY_RETENTION_DAYS: "30", AUDIT_RETENTION_DAYS: "3650" }, 30, 3650],
  [{ ACTIVITY_RETENTION_DAYS: "never", AUDIT_RETENTION_DAYS: "never" }, null, null],
])("%j keeps activity for %j days and the audit log for %j", (env, activity, audit) => {
  expect(readSettings(env).policies).toMatchObject({
    activityRetentionDays: activity,
    auditRetentionDays: audit,
  });
});

test.each(["", "0", "-1", "1.5", "soon"])("%j is not a number of days", (days) => {
  expect(() => readSettings({ ACTIVITY_RETENTION_DAYS: days })).toThrow("ACTIVITY_RETENTION_DAYS");
});

test("settings that tests switch off or shorten are on and whole by default", () => {
  expect(readSettings({})).toMatchObject({ scheduler: true, watch: true, bodyTimePart: 1 });
  expect(readSettings({}).anonymousSignIns).toBe(false);
});

test.each(["1.5", "0", "-1"])("%j is not a part of the time for bodies", (part) => {
  expect(() => readSettings({ PARLEY_BODY_TIME_PART: part })).toThrow("PARLEY_BODY_TIME_PART");
});
