/** One line of `pg_restore --list`. */
export interface ArchiveEntry {
  line: string;
  /** `TABLE DATA`, `TRIGGER`, `DEFAULT ACL` … */
  kind: string;
  /** `-` for an entry without a schema. */
  schema: string;
  name: string;
  owner: string;
}

/** The facts that decide which entries are restored. */
export interface Selection {
  /** The role that restores. */
  role: string;
  /**
   * The tables of `auth` and `storage` (`auth.users`) that this role may write. A table comes after those that it
   * refers to.
   */
  systemTables: string[];
  /** The platform's own triggers on those tables (`auth.users name`), which the target already has. */
  systemTriggers: string[];
  /** The extensions that are available on the target but not installed. */
  missingExtensions: string[];
}

/** The schemas of the migrations. A restore creates them again. */
const OWN_SCHEMAS = ["public", "private", "tools", "supabase_migrations"];
/** Schemas of every Supabase project. A restore brings back their rows, and the migrations' triggers and policies. */
const SYSTEM_SCHEMAS = ["auth", "storage"];
const HUNG_ON_SYSTEM_TABLES = ["TRIGGER", "POLICY"];

/** Parses the output of `pg_restore --list`, without its comments. */
export function parseEntries(list: string): ArchiveEntry[] {
  return list.split("\n").flatMap((line) => {
    const [, kind, schema, name, owner] =
      line.match(/^\d+; \d+ \d+ ((?:[A-Z]+ )+)(\S+) (.*?) ?(\S*)$/) ?? [];
    if (!kind || !schema || !name) return [];
    return [{ line, kind: kind.trim(), schema, name, owner: owner ?? "" }];
  });
}

/** Returns the entries to restore. Rows of `auth` and `storage` come first, in the order of their foreign keys. */
export function chooseEntries(entries: ArchiveEntry[], selection: Selection): ArchiveEntry[] {
  const order = selection.systemTables;
  const rank = (entry: ArchiveEntry) => order.indexOf(`${entry.schema}.${tableOf(entry)}`);
  const isSystem = ({ schema }: ArchiveEntry) => SYSTEM_SCHEMAS.includes(schema);
  const rows = entries.filter((entry) => isSystem(entry) && isRows(entry) && rank(entry) >= 0)
    .sort((one, other) => rank(one) - rank(other));
  const rest = entries.filter((entry) =>
    (entry.kind === "EXTENSION" && selection.missingExtensions.includes(entry.name)) ||
    isOwn(entry, selection.role) ||
    (isSystem(entry) && HUNG_ON_SYSTEM_TABLES.includes(entry.kind) &&
      !selection.systemTriggers.includes(`${entry.schema}.${entry.name}`))
  );
  return [...rows, ...rest];
}

function isRows({ kind }: ArchiveEntry): boolean {
  return kind === "TABLE DATA" || kind === "SEQUENCE SET";
}

function tableOf({ kind, name }: ArchiveEntry): string {
  return kind === "SEQUENCE SET" ? name.replace(/_[^_]+_seq$/, "") : name;
}

function isOwn({ kind, schema, name, owner }: ArchiveEntry, role: string): boolean {
  if (kind === "DEFAULT ACL") return owner === role && [...OWN_SCHEMAS, "-"].includes(schema);
  if (OWN_SCHEMAS.includes(schema)) return true;
  if (schema !== "-") return false;
  // The schema `public` exists on every target and stays. Entries of schemas themselves have no schema.
  if (kind === "SCHEMA") return name !== "public" && OWN_SCHEMAS.includes(name);
  return OWN_SCHEMAS.slice(1).some((own) => name === `SCHEMA ${own}`);
}
