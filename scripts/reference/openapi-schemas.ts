import * as z from "zod";
import type { Route } from "../../types/route.ts";
import type { Catalogue, Column } from "./catalogue.ts";

/** A JSON schema. */
export type JsonSchema = Record<string, unknown>;

/** A form that the body of a request may have, for people. */
export interface RequestShape {
  title: string;
  fields: { name: string; type: string; required: boolean }[];
}

/** Converts a zod schema to a JSON schema of requests (`input`) or responses (`output`). */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: (context) => {
      delete context.jsonSchema["tsType"];
      dropDrawnDefault(context);
    },
  });
  return rest;
}

/** Removes a default that differs at each use, such as a random id. It would make the reference stale at once. */
function dropDrawnDefault(
  { zodSchema, jsonSchema }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: z.core.JSONSchema.BaseSchema;
  },
): void {
  const { def } = zodSchema._zod;
  if (def.type !== "default") return;
  const isSame = JSON.stringify(def.defaultValue) === JSON.stringify(def.defaultValue);
  if (!isSame) delete jsonSchema.default;
}

/** Lists the shapes of a route's body with the fields of each. */
export function readRequests({ json = [], form }: Route): RequestShape[] {
  const bodies = json.map((schema, index) => ({
    title: index === 0 ? "JSON body" : "Or the JSON body",
    fields: listFields(toJsonSchema(schema, "input")),
  }));
  if (!form) return bodies;
  const file = { name: "file", type: "file", required: true };
  const fields = [...listFields(toJsonSchema(form, "input")), file];
  return [...bodies, { title: "Or a multipart form", fields }];
}

/** Describes the rows of a table in the form of the REST API. Throws when there is no such table. */
export function describeRow({ relations }: Catalogue, table: string): JsonSchema {
  const relation = relations.find(({ schema, name }) => schema === "public" && name === table);
  if (!relation) throw new Error(`There is no table ${table}.`);
  const { columns, comment } = relation;
  return {
    type: "object",
    description: comment ?? undefined,
    properties: Object.fromEntries(columns.map((column) => [column.name, describeColumn(column)])),
    required: columns.map(({ name }) => name),
  };
}

const columnTypes = new Map<string, JsonSchema>([
  ["uuid", { type: "string", format: "uuid" }],
  ["boolean", { type: "boolean" }],
  ["integer", { type: "integer" }],
  ["bigint", { type: "integer" }],
  ["timestamp with time zone", { type: "string", format: "date-time" }],
  ["date", { type: "string", format: "date" }],
  ["jsonb", {}],
]);

function describeColumn({ type, nullable, comment }: Column): JsonSchema {
  const schema = columnTypes.get(type) ?? { type: "string" };
  const orNull = nullable && schema["type"]
    ? { ...schema, type: [schema["type"], "null"] }
    : schema;
  return comment === null ? orNull : { ...orNull, description: comment };
}

const Shape = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function listFields(schema: JsonSchema): RequestShape["fields"] {
  const { properties, required } = Shape.parse(schema);
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: describeType(field),
    required: required.includes(name),
  }));
}

function describeType(field: JsonSchema): string {
  const { type, format, enum: values, anyOf } = field;
  if (Array.isArray(values)) return values.map(String).join(", ");
  if (Array.isArray(anyOf)) return anyOf.map(describeType).join(" or ");
  if (typeof type !== "string") return "any";
  return typeof format === "string" ? `${type} (${format})` : type;
}
