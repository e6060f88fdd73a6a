const LISTS = new Set(["select", "order", "columns", "on_conflict"]);

/**
 * Refuses an address that names an inherited property of JavaScript objects, with PostgREST's error for an unknown
 * column. Returns null for other addresses.
 */
export function refuseInheritedName(address: string): Response | null {
  const name = findInheritedName(new URL(address).searchParams);
  if (name === undefined) return null;
  const message = `column ${name} does not exist`;
  return Response.json({ code: "42703", message, details: null, hint: null }, { status: 400 });
}

/**
 * Finds a column in a query that is a property of every JavaScript object. lite looks columns up in plain objects: it
 * would ignore a filter on `constructor`, and write a filter on `__proto__` into all objects of the process.
 */
function findInheritedName(query: URLSearchParams): string | undefined {
  return [...query].flatMap(([key, value]) => [...namesIn(key), ...columnsIn(key, value)])
    .find((name) => name in {});
}

/** Lists all names in a text. Names may be quoted, and may lead into embedded tables and JSON. */
function namesIn(text: string): string[] {
  return text.match(/[\w$]+/g) ?? [];
}

/** Lists the columns in a parameter's value: all names of a list, or the names before operators in a logic tree. */
function columnsIn(key: string, value: string): string[] {
  const last = key.split(".").at(-1) ?? "";
  if (LISTS.has(last)) return namesIn(value);
  if (last !== "and" && last !== "or") return [];
  return [...value.matchAll(/[(,]\s*(?:not\.)?"?([\w$]+)"?\s*(?=[.-])/g)].map(([, name = ""]) =>
    name
  );
}
