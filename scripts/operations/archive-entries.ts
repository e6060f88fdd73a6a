/** One line of `pg_restore --list`. */
export interface ArchiveEntry {
  line: string;
  /** `TABLE DATA`, `TRIGGER`, `DEFAULT ACL` … */
  kind: string;
  /** `-` for what is in no schema. */
  schema: string;
  name: string;
  owner: string;
}

/** What decides which entries are restored. */
export interface Selection {
  /** Role that restores. */
  role: string;
  /** Tables of `auth` and `storage` (`auth.users`), a table after those that it refers to. */
  systemTables: string[];
  /** The platform's own triggers on those tables (`auth.users name`): the target has them. */
  systemTriggers: string[];
  /** Extensions that the target offers and does not have. */
  missingExtensions: string[];
}

/** Schemas that the migrations make and a restore makes anew. */
const OWN_SCHEMAS = ["public", "private", "supabase_migrations"];
/** Schemas that every Supabase project has: of these, rows and what the migrations hung on their tables are restored. */
const SYSTEM_SCHEMAS = ["auth", "storage"];
const HUNG_ON_SYSTEM_TABLES = ["TRIGGER", "POLICY"];

/** Reads what `pg_restore --list` printed, without its comments. */
export function parseEntries(list: string): ArchiveEntry[] {
  return list.split("\n").flatMap((line) => {
    const [, kind, schema, name, owner] =
      line.match(/^\d+; \d+ \d+ ((?:[A-Z]+ )+)(\S+) (.*?) ?(\S*)$/) ?? [];
    if (!kind || !schema || !name) return [];
    return [{ line, kind: kind.trim(), schema, name, owner: owner ?? "" }];
  });
}

/** The entries to restore, in order: rows of `auth` and `storage` where their foreign keys allow. */
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
  // Schema public is there and stays; its entries name no schema.
  if (kind === "SCHEMA") return name !== "public" && OWN_SCHEMAS.includes(name);
  return OWN_SCHEMAS.slice(1).some((own) => name === `SCHEMA ${own}`);
}
