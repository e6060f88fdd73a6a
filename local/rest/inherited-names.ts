const LISTS = new Set(["select", "order", "columns", "on_conflict"]);

/** Answers like PostgREST for a column that is none, when an address names one that lite must not see; else null. */
export function refuseInheritedName(address: string): Response | null {
  const name = findInheritedName(new URL(address).searchParams);
  if (name === undefined) return null;
  const message = `column ${name} does not exist`;
  return Response.json({ code: "42703", message, details: null, hint: null }, { status: 400 });
}

/**
 * A column of a query that every object of JavaScript has. lite looks columns up in plain objects: it would drop a
 * filter on `constructor`, and write one on `__proto__` into all objects of the process.
 */
function findInheritedName(query: URLSearchParams): string | undefined {
  return [...query].flatMap(([key, value]) => [...namesIn(key), ...columnsIn(key, value)])
    .find((name) => name in {});
}

/** Names may be quoted, and reach into embedded tables and JSON. */
function namesIn(text: string): string[] {
  return text.match(/[\w$]+/g) ?? [];
}

/** What the value of a parameter names: all of a list, and of a logic tree what stands before an operator. */
function columnsIn(key: string, value: string): string[] {
  const last = key.split(".").at(-1) ?? "";
  if (LISTS.has(last)) return namesIn(value);
  if (last !== "and" && last !== "or") return [];
  return [...value.matchAll(/[(,]\s*(?:not\.)?"?([\w$]+)"?\s*(?=[.-])/g)].map(([, name = ""]) =>
    name
  );
}
