import type pg from "pg";

/** A table or view, with its comment, columns and access rules. */
export interface Relation {
  schema: string;
  name: string;
  kind: "table" | "view";
  comment: string | null;
  columns: Column[];
  policies: Policy[];
  grants: Grant[];
}

/** A column of a relation. */
export interface Column {
  name: string;
  type: string;
  nullable: boolean;
  default: string | null;
  comment: string | null;
  /** The values that an enum or a check allows; null when there is no such list. */
  values: string[] | null;
  /** The target of a foreign key, as `table.column`. */
  references: string | null;
}

/** A row-level security policy. */
export interface Policy {
  verb: Verb;
  roles: string[];
  using: string | null;
  check: string | null;
}

/** A right of a role on a relation. `columns` is null when it covers all columns. */
export interface Grant {
  role: string;
  verb: Verb;
  columns: string[] | null;
}

/** The verbs of policies and grants. */
export type Verb = "select" | "insert" | "update" | "delete";

/** A function of the schemas `public` and `private`. */
export interface SqlFunction {
  schema: string;
  name: string;
  arguments: string;
  result: string;
  comment: string | null;
  source: string;
  /** The roles of the API that may call the function. */
  callers: string[];
  isTrigger: boolean;
}

/** A trigger: the function that writes to a table call. */
export interface Trigger {
  table: string;
  verbs: Verb[];
  function: string;
}

/** The facts about a database that the reference needs. */
export interface Catalogue {
  relations: Relation[];
  functions: SqlFunction[];
  triggers: Trigger[];
}

const RELATIONS = `
  select n.nspname as schema, c.relname as name,
    case when c.relkind in ('v', 'm') then 'view' else 'table' end as kind,
    obj_description(c.oid, 'pg_class') as comment,
    (select jsonb_agg(jsonb_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'nullable', not a.attnotnull,
        'default', pg_get_expr(d.adbin, d.adrelid), 'comment', col_description(c.oid, a.attnum),
        'values', coalesce(
          (select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = a.atttypid),
          (select jsonb_agg(coalesce(v.value[1], v.value[2])) from pg_constraint k,
            regexp_matches(
              substring(pg_get_constraintdef(k.oid) from 'ARRAY.*'), '''([^'']*)''::\\w+|(\\d+)', 'g'
            ) as v (value)
          where k.contype = 'c' and k.conrelid = c.oid and k.conkey = array[a.attnum]
            and pg_get_constraintdef(k.oid) ~ '^CHECK ..\\w+ = ANY .ARRAY.[^\\[]*$')),
        'references', (
          select k.confrelid::regclass::text || '.' || r.attname
          from pg_constraint k
          join pg_attribute r on r.attrelid = k.confrelid and r.attnum = k.confkey[array_position(k.conkey, a.attnum)]
          where k.contype = 'f' and k.conrelid = c.oid and a.attnum = any (k.conkey)
          order by cardinality(k.conkey), k.conname limit 1)
      ) order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    coalesce((select jsonb_agg(jsonb_build_object(
        'verb', lower(p.cmd), 'roles', p.roles, 'using', p.qual, 'check', p.with_check
      ) order by p.policyname)
      from pg_policies p where p.schemaname = n.nspname and p.tablename = c.relname), '[]') as policies,
    coalesce((select jsonb_agg(jsonb_build_object('role', g.role, 'verb', g.verb, 'columns', g.columns)
        order by array_position(array['anon', 'authenticated', 'service_role'], g.role), g.verb)
      from (
        select r.role, v.verb, case
          when has_table_privilege(r.role, c.oid, v.verb) then null
          else (select jsonb_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and has_column_privilege(r.role, c.oid, a.attnum, v.verb))
        end as columns
        from unnest(array['anon', 'authenticated', 'service_role']) as r (role),
          unnest(array['select', 'insert', 'update', 'delete']) as v (verb)
        where has_table_privilege(r.role, c.oid, v.verb)
          or (v.verb <> 'delete' and has_any_column_privilege(r.role, c.oid, v.verb))
      ) g), '[]') as grants
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm')
  order by n.nspname = 'private', c.relname`;

const FUNCTIONS = `
  select n.nspname as schema, p.proname as name, pg_get_function_arguments(p.oid) as arguments,
    pg_get_function_result(p.oid) as result, obj_description(p.oid, 'pg_proc') as comment, p.prosrc as source,
    p.prorettype = 'trigger'::regtype as "isTrigger",
    coalesce((select jsonb_agg(r.role order by r.role)
      from unnest(array['anon', 'authenticated', 'service_role']) as r (role)
      where has_function_privilege(r.role, p.oid, 'execute')), '[]') as callers
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private') and p.prokind in ('f', 'p')
  order by n.nspname, p.proname, p.oid::regprocedure::text`;

const TRIGGERS = `
  select n.nspname || '.' || c.relname as table, fn.nspname || '.' || p.proname as function,
    array_remove(array[
      case when t.tgtype & 4 > 0 then 'insert' end, case when t.tgtype & 8 > 0 then 'delete' end,
      case when t.tgtype & 16 > 0 then 'update' end], null) as verbs
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid join pg_namespace fn on fn.oid = p.pronamespace
  where not t.tgisinternal and n.nspname in ('public', 'private')
  order by 1, t.tgname`;

/** Reads the facts for the reference from a migrated database. */
export async function readCatalogue(client: pg.Client): Promise<Catalogue> {
  // With this search path, Postgres prints names of the exposed schema without the schema.
  await client.query("set search_path = public");
  const { rows: relations } = await client.query<Relation>(RELATIONS);
  const { rows: functions } = await client.query<SqlFunction>(FUNCTIONS);
  const { rows: triggers } = await client.query<Trigger>(TRIGGERS);
  return { relations, functions, triggers };
}
