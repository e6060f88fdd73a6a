import type { Catalogue, SqlFunction, Trigger } from "./catalogue.ts";

/** A call of `private.refuse` in a function's source. */
export interface Refusal {
  status: number;
  code: string;
  /** The sentence, when it is a literal. */
  hint: string | null;
}

const CALL =
  /private\.refuse\(\s*(\d{3}),\s*'([a-z_]+)',\s*(?:hint\s*=>\s*)?(?:'((?:[^']|'')*)')?/g;

/** Finds the refusals that a function's source raises itself. */
export function findRefusals(source: string): Refusal[] {
  return Array.from(source.matchAll(CALL), ([, status, code = "", hint]) => ({
    status: Number(status),
    code,
    hint: hint === undefined ? null : hint.replaceAll("''", "'"),
  }));
}

/** Counts everything that looks like a call, so that a test can verify that `findRefusals` has found all calls. */
export function countCalls(source: string): number {
  return source.match(/private\.refuse\b/g)?.length ?? 0;
}

/**
 * Returns a function that looks up the codes of a database function: its own, those of the functions that it calls,
 * and those of the triggers that its writes fire. Includes codes that a particular call cannot reach.
 */
export function createErrorIndex(
  { functions, triggers }: Pick<Catalogue, "functions" | "triggers">,
): (name: string) => string[] {
  const sources = Map.groupBy(functions, nameOf);
  const reach = (name: string, seen: Set<string>): Set<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const { source } of sources.get(name) ?? []) {
      for (const called of findCalls(source, sources)) reach(called, seen);
      for (const trigger of findTriggers(source, triggers)) reach(trigger.function, seen);
    }
    return seen;
  };
  return (name) => {
    const reached = [...reach(name, new Set())].flatMap((each) => sources.get(each) ?? []);
    const codes = reached.flatMap(({ source }) => findRefusals(source)).map(({ code }) => code);
    return [...new Set(codes)].sort();
  };
}

function nameOf({ schema, name }: SqlFunction): string {
  return `${schema}.${name}`;
}

function findCalls(source: string, known: Map<string, unknown>): string[] {
  return [...source.matchAll(/\b(?:public|private)\.[a-z_0-9]+(?=\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => known.has(name));
}

function findTriggers(source: string, triggers: Trigger[]): Trigger[] {
  const writes = [
    ...source.matchAll(/\b(insert into|update|delete from)\s+((?:public|private)\.[a-z_0-9]+)/gi),
  ];
  return writes.flatMap(([, statement = "", table]) => {
    const verb = statement.toLowerCase().split(" ")[0];
    return triggers.filter((each) =>
      each.table === table && each.verbs.some((one) => one === verb)
    );
  });
}
