import type { Catalogue, SqlFunction } from "./catalogue.ts";
import { writeCode, writePage } from "./markdown.ts";
import { createErrorIndex } from "./sql-errors.ts";

/** Writes `rpcs.md`: the functions that clients call over the REST API. */
export function writeRpcsPage(catalogue: Catalogue): string {
  const errorsOf = createErrorIndex(catalogue);
  return writePage("RPCs for clients", "the catalogue of the database", [
    "Call these as `POST /rest/v1/rpc/<name>` or `supabase.rpc(name, arguments)`. An error has the code in `message` " +
    "and the sentence in `hint`; [errors.md](errors.md) lists the codes. The codes below are those that the function " +
    "and everything that it calls can raise.",
    ...findClientRpcs(catalogue).flatMap((rpc) => writeRpc(rpc, errorsOf(`public.${rpc.name}`))),
  ]);
}

/** Finds the functions of the REST API that `anon` or `authenticated` may execute. */
function findClientRpcs({ functions }: Catalogue): SqlFunction[] {
  return functions.filter(({ schema, isTrigger, callers }) =>
    schema === "public" && !isTrigger && callers.some((role) => role !== "service_role")
  );
}

function writeRpc(
  { name, arguments: parameters, result, comment, callers }: SqlFunction,
  errors: string[],
): string[] {
  const facts = [
    `- arguments: ${writeCode(parameters) || "none"}`,
    `- result: ${writeCode(result)}`,
    `- callers: ${callers.map(writeCode).join(", ")}`,
    `- errors: ${errors.map(writeCode).join(", ") || "none of its own"}`,
  ];
  return [`## ${name}`, comment ?? "", facts.join("\n")];
}
