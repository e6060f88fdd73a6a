import { expect, test } from "vitest";
import { RELEASE } from "../../../functions/_shared/http/outdated.ts";
import { HealthReply } from "../../../types/api.ts";
import { stack } from "../../helpers/stack.ts";

test("health names the newest migration, without a key", async () => {
  const response = await fetch(`${stack.FUNCTIONS_URL}/health`);

  expect(response.status).toBe(200);
  const reply = HealthReply.parse(await response.json());
  expect(reply).toMatchObject({ status: "ok", database: "ok", release: RELEASE });
  expect(reply.schema_version).toMatch(/^\d{14}$/);
});
