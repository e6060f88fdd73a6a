import type pg from "pg";

/** A function of Parley and the complaints of plpgsql_check about it. */
export interface CheckedFunction {
  name: string;
  findings: string[];
}

/** Functions whose dynamic SQL plpgsql_check considers injectable, and why it is safe. */
const SAFE_DYNAMIC_SQL: Record<string, string> = {
  "private.add_function_tool": "the function is a regprocedure",
  "private.call_tool": "names are quoted, and the arguments that a model sends are a parameter",
  "private.find_users":
    "the condition is made of literals, and the order comes from user_order's fixed choice",
  "private.purge_before":
    "the table is a regclass, the column is quoted, and the condition is a literal of its callers",
  "private.read_export_page":
    "the query is one of export_sections' fixed choice, and what a client sends is quoted in it",
  "private.write_stripe_row":
    "columns are quoted, and the conflict target is a literal of its callers",
};

// A trigger function is checked on each table that it serves, with the names of its transition tables.
const CHECK = `
  with functions as (
    select p.oid, p.prorettype, p.oid::regprocedure::text as name
    from pg_proc p
    join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  ), uses as (
    select distinct f.oid, f.name, t.tgrelid as table_id, t.tgoldtable, t.tgnewtable
    from functions f
    join pg_trigger t on t.tgfoid = f.oid
    union all
    select f.oid, f.name, 0, null, null
    from functions f
    where f.prorettype <> 'trigger'::regtype
  )
  select f.name, array_remove(array_agg(distinct c.finding), null) as findings
  from functions f
  left join uses u on u.oid = f.oid
  left join lateral (
    select concat_ws(' ',
      case when u.table_id <> 0 then 'on ' || u.table_id::regclass end,
      'line ' || w.lineno, w.statement, w.level || ':', w.message, '(' || w.detail || ')', '(' || w.context || ')'
    ) as finding
    from extensions.plpgsql_check_function_tb(
      u.oid, u.table_id,
      fatal_errors => false, all_warnings => true,
      oldtable => u.tgoldtable, newtable => u.tgnewtable
    ) w
    where not (w.level = 'security' and split_part(f.name, '(', 1) = any ($1))
      -- It takes dynamic SQL for read only, and says itself that it cannot tell.
      and w.detail is distinct from 'attention: cannot to determine volatility of used dynamic SQL'
  ) c on true
  group by f.name
  order by f.name
`;

/** Runs plpgsql_check with all warnings over every plpgsql function of public and private. Needs the superuser. */
export async function checkPlpgsql(client: pg.Client): Promise<CheckedFunction[]> {
  await client.query("create extension if not exists plpgsql_check with schema extensions");
  return (await client.query<CheckedFunction>(CHECK, [Object.keys(SAFE_DYNAMIC_SQL)])).rows;
}
