import type pg from "pg";
import {
  type LimitedCall,
  limitedRoutes,
  limitedRpcs,
  limitedTables,
} from "../../types/limited-calls.ts";
import { type Limit, limits, type PlanColumn } from "../../types/limits.ts";
import { writeCode, writePage, writeTable } from "./markdown.ts";

type Value = number | string | null;

/** The values of the limits in a database: the rows of `plans` by rank, and the row of `private.limit_policy`. */
export interface LimitValues {
  plans: ({ slug: string } & Record<PlanColumn, Value>)[];
  policy: Record<string, Value>;
}

/** Reads the values of the limits from a database. */
export async function readLimitValues(client: pg.Client): Promise<LimitValues> {
  const plans = await client.query<LimitValues["plans"][number]>(
    "select * from public.plans order by rank",
  );
  const policy = await client.query<Record<string, Value>>(
    "select p.* from private.limit_policy p",
  );
  const [row] = policy.rows;
  if (!row) throw new Error("private.limit_policy has no row");
  return { plans: plans.rows, policy: row };
}

/** Writes `limits.md`: every limit with its values in a new database, and the calls that it refuses. */
export function writeLimitsPage({ plans, policy }: LimitValues): string {
  const all: Limit[] = Object.values(limits);
  const byPlan = all.flatMap((limit) => {
    const { value } = limit;
    if (!("plan" in value)) return [];
    const values = plans.map((plan) => writeValue(limit, plan[value.plan]));
    return [[writeWhat(limit), ...values, writeCode(value.plan), writeCode(limit.code)]];
  });
  const forAll = all.flatMap((limit) => {
    const { value } = limit;
    if ("plan" in value) return [];
    const found = "policy" in value ? policy[value.policy] ?? null : value.fixed;
    const column = "policy" in value ? writeCode(value.policy) : "fixed";
    return [[writeWhat(limit), writeValue(limit, found), column, writeCode(limit.code)]];
  });
  return writePage("Limits", "`types/limits.ts`, `types/limited-calls.ts` and a new database", [
    "[limits.md](../limits.md) explains how to read and change these limits.",
    "## Limits of a plan",
    "Each is a column of `plans`.",
    writeTable(["limit", ...plans.map(({ slug }) => slug), "column", "code"], byPlan),
    "## Limits for all plans",
    "Each is a column of `private.limit_policy`, or fixed in the code.",
    writeTable(["limit", "value", "column", "code"], forAll),
    "## Tables that clients write",
    writeCalls(limitedTables),
    "## RPCs that may write",
    writeCalls(limitedRpcs),
    "## Routes that may write",
    writeCalls(limitedRoutes),
  ]);
}

function writeWhat({ what, per }: Limit): string {
  return per ? `${what}, per ${per}` : what;
}

function writeValue({ unit }: Limit, value: Value): string {
  if (value === null) return "unlimited";
  const number = Number(value);
  const written = number.toLocaleString("en");
  if (unit === "bytes") return writeBytes(number);
  return unit ? `${written} ${unit}` : written;
}

function writeBytes(bytes: number): string {
  const [, unit, size] = ([["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const)
    .map(([name, each]) => [bytes >= each, name, each] as const)
    .find(([fits]) => fits) ?? [true, "bytes", 1];
  return `${(bytes / size).toLocaleString("en")} ${unit}`;
}

function writeCalls(calls: Record<string, LimitedCall>): string {
  const rows = Object.entries(calls).map(([name, { limits: names, because }]) => [
    writeCode(name),
    names.map((each) => limits[each]).map(writeWhat).join("; "),
    because ?? "",
  ]);
  return writeTable(["call", "limits", "why no other"], rows);
}
