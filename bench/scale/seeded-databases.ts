import type pg from "pg";
import { type Measure, measure } from "../report.ts";
import type { ScaleDatabases } from "./databases.ts";
import { seed } from "./seed.ts";
import { type Size, SIZES } from "./sizes.ts";
import { chooseSubjects, type Subjects } from "./subjects.ts";

/** A database that is ready to be measured. */
export interface SeededDatabase {
  client: pg.Client;
  subjects: Subjects;
}

/** All databases, and the cost of filling them. */
export interface SeededDatabases extends AsyncDisposable {
  of(size: Size): SeededDatabase;
  measures: Measure[];
}

/** Fills a database for each size, one after the other. */
export async function seedDatabases(
  databases: ScaleDatabases,
  sizes: Size[],
): Promise<SeededDatabases> {
  await using parts = new AsyncDisposableStack();
  const seeded = new Map<Size, SeededDatabase>();
  const measures: Measure[] = [];
  for (const size of sizes) {
    const client = await databases.connect(size);
    parts.defer(() => client.end());
    const startedAt = performance.now();
    await seed(client, SIZES[size]);
    const seconds = (performance.now() - startedAt) / 1000;
    seeded.set(size, { client, subjects: await chooseSubjects(client) });
    measures.push(
      measure(`${size}: seeded in`, seconds, { format: (value) => `${value.toFixed(0)} s` }),
      ...await measureContent(client, size),
    );
  }
  const owned = parts.move();
  return {
    of(size) {
      const database = seeded.get(size);
      if (!database) throw new Error(`there is no database of size ${size}`);
      return database;
    },
    measures,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function measureContent(client: pg.Client, size: Size): Promise<Measure[]> {
  const { rows: [row] } = await client.query<Record<string, string>>(
    `select (select count(*) from public.chat_messages) as messages,
       (select count(*) from public.chat_sessions) as sessions,
       (select max(message_count) from public.chat_sessions) as longest,
       (select count(*) from public.profiles) as users,
       pg_database_size(current_database()) as bytes`,
  );
  const count = (name: string) =>
    measure(`${size}: ${name}`, Number(row?.[name]), {
      format: (value) => value.toLocaleString("en"),
    });
  const gigabytes = (value: number) => `${(value / 2 ** 30).toFixed(2)} GiB`;
  return [
    count("messages"),
    count("sessions"),
    count("users"),
    { ...count("longest"), name: `${size}: messages of the longest session` },
    measure(`${size}: size on disk`, Number(row?.bytes), { format: gigabytes }),
  ];
}
