// The tables as clients see them: readable and writable columns, and literals for checked values.
import type { ClientTables as Grants } from "./client-grants.ts";
import type { Database } from "./database.ts";

type WholeTables = Database["public"]["Tables"];
type Name = keyof Grants & keyof WholeTables;

/** Columns of a row, with the literals of those that a check limits. */
type Granted<Row, Names extends string, Values> = {
  [Column in keyof Row as Extract<Column, Names>]: Column extends keyof Values
    ? Values[Column] | Extract<Row[Column], null | undefined>
    : Row[Column];
};

/** A row that a client writes; never if it may write no column. */
type Written<Row, Names extends string, Values> = [Names] extends [never] ? never
  : Granted<Row, Names, Values>;

/** The tables that clients may read. */
export type ClientTables = {
  [Table in Name]: {
    Row: Granted<WholeTables[Table]["Row"], Grants[Table]["select"], Grants[Table]["values"]>;
    Insert: Written<WholeTables[Table]["Insert"], Grants[Table]["insert"], Grants[Table]["values"]>;
    Update: Written<WholeTables[Table]["Update"], Grants[Table]["update"], Grants[Table]["values"]>;
    Relationships: WholeTables[Table]["Relationships"];
  };
};

/** A row of a table as a client reads it. */
export type Tables<Table extends Name> = ClientTables[Table]["Row"];
