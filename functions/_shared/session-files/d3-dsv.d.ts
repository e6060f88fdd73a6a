/** The part of d3-dsv that functions use. Supabase's Deno 2.1 does not find `@types/d3-dsv`, which tsc reads. */
export declare function dsvFormat(delimiter: string): { parseRows(text: string): string[][] };
