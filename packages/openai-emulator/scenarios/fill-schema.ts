import * as z from "zod";

/** The keywords of JSON Schema that decide a value; others are ignored. */
const Keywords = z.looseObject({
  type: z.union([z.string(), z.array(z.string()).transform(([first]) => first)]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  minimum: z.number().optional(),
  maxLength: z.number().optional(),
});

/** Returns a value for a JSON schema: required properties only, with `text` in its strings. */
export function fillSchema(schema: unknown, text: string): unknown {
  const keywords = Keywords.safeParse(schema).data ?? {};
  if (keywords.const !== undefined) return keywords.const;
  if (keywords.enum) return keywords.enum[0];
  if (keywords.anyOf) return fillSchema(keywords.anyOf[0], text);
  switch (keywords.type) {
    case "string":
      return text.slice(0, keywords.maxLength);
    case "integer":
    case "number":
      return keywords.minimum ?? 1;
    case "boolean":
      return true;
    case "array":
      return [fillSchema(keywords.items, text)];
    case "null":
      return null;
    default:
      return fillProperties(keywords, text);
  }
}

function fillProperties(
  { properties = {}, required = [] }: Partial<z.infer<typeof Keywords>>,
  text: string,
): Record<string, unknown> {
  const entries = required.map((name) => [name, fillSchema(properties[name], text)]);
  return Object.fromEntries(entries);
}
