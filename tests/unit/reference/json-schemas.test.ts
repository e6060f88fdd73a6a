import { expect, test } from "vitest";
import { toJsonSchema } from "../../../scripts/reference/openapi-schemas.ts";
import { routes } from "../../../types/routes.ts";

const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const);

test.each(named)("%s is described in the same way each time", (_, { json = [], replies }) => {
  const describe = () => [
    ...json.map((schema) => toJsonSchema(schema, "input")),
    ...replies.map(({ schema }) => schema && toJsonSchema(schema, "output")),
  ];

  expect(describe()).toEqual(describe());
});
