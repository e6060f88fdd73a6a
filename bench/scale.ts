import { compareRounds, type Measure, measure, milliseconds, quantile } from "./report.ts";
import { type Case, scheduleCases } from "./scale/cases.ts";
import { startDatabases } from "./scale/databases.ts";
import { type Operation, OPERATIONS } from "./scale/operations.ts";
import { Samples } from "./scale/samples.ts";
import { seedDatabases, type SeededDatabases } from "./scale/seeded-databases.ts";
import { type Size, sizesUpTo } from "./scale/sizes.ts";
import { type ScaleGateway, startGateway } from "./scale/time-rest.ts";
import { explainSql, timeSql } from "./scale/time-sql.ts";

const ROUNDS = 10;
const RUNS = 20;
/** The maximum cost of row-level security, and of the largest database against the smallest. */
const TARGET = { most: 1.3 };

/**
 * Measures the most common queries of clients and functions in databases of growing size. It compares
 * row-level security with none, and each size with the smallest. Runs alternate, so that other load on the
 * machine affects all of them.
 */
export async function measureScale(largest: Size): Promise<Measure[]> {
  const sizes = sizesUpTo(largest);
  await using databases = await startDatabases(sizes);
  await using seeded = await seedDatabases(databases, sizes);
  await using gateway = await startGateway(databases, sizes);
  const samples = new Samples();
  // Round -1 is the warm-up.
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { run, each } of scheduleCases(sizes, RUNS)) {
      const spent = await time(each, (round + 1) * RUNS + run, seeded, gateway);
      if (round >= 0) samples.add(each, round, spent);
    }
  }
  return [...seeded.measures, ...await summarize(samples, sizes, seeded)];
}

/** Times an operation; every run uses another subject. */
async function time(
  { operation, size, path, variant }: Case,
  turn: number,
  seeded: SeededDatabases,
  gateway: ScaleGateway,
): Promise<number> {
  const { client, subjects: { [operation.subjects]: choice } } = seeded.of(size);
  const subject = choice[turn % choice.length]!;
  if (path === "REST" && variant !== "naive") {
    return await gateway.time(size, operation, variant, subject);
  }
  return await timeSql(client, operation, variant, subject);
}

async function summarize(
  samples: Samples,
  sizes: Size[],
  seeded: SeededDatabases,
): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const size of sizes) {
    for (const operation of OPERATIONS) {
      measures.push(...await summarizeSize(samples, operation, size, seeded));
    }
  }
  return [...measures, ...sizes.slice(1).flatMap((size) => compareSizes(samples, size, sizes[0]!))];
}

/** Compares an operation with and without policies, in one database. */
async function summarizeSize(
  samples: Samples,
  operation: Operation,
  size: Size,
  seeded: SeededDatabases,
): Promise<Measure[]> {
  const { client, subjects: { [operation.subjects]: [subject] } } = seeded.of(size);
  const rounds = (path: Case["path"], variant: Case["variant"]) =>
    samples.of({ operation, size, path, variant });
  const plan = (variant: Case["variant"]) => explainSql(client, operation, variant, subject!);
  const name = (what: string) => `${size}: ${operation.name}, ${what}`;
  const target = operation.role === "authenticated" ? TARGET : undefined;
  const bare = rounds("SQL", "bare");
  const measures: Measure[] = [{
    ...compareRounds(name("SQL"), rounds("SQL", "secured"), bare, { target }),
    plan: await plan("secured"),
  }];
  if (operation.isNaiveToo) {
    measures.push({
      ...compareRounds(name("SQL, naive (a warning)"), rounds("SQL", "naive"), bare),
      plan: await plan("naive"),
    });
  }
  const rest = rounds("REST", "secured");
  measures.push(
    operation.rest.bare
      ? compareRounds(name("REST"), rest, rounds("REST", "bare"), { target })
      : measure(name("REST"), quantile(rest.flat(), 0.5), { format: milliseconds }),
  );
  return measures;
}

/** Compares a database with a smaller one. */
function compareSizes(samples: Samples, size: Size, smallest: Size): Measure[] {
  return OPERATIONS.flatMap((operation) =>
    (["SQL", "REST"] as const).map((path) => {
      const rounds = (size: Size) => samples.of({ operation, size, path, variant: "secured" });
      const name = `${size} : ${smallest}, ${operation.name}, ${path}`;
      return compareRounds(name, rounds(size), rounds(smallest), { target: TARGET });
    })
  );
}
