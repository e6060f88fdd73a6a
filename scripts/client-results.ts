import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { compile, type JSONSchema } from "json-schema-to-typescript";
import * as z from "zod";
import { REPOSITORY } from "../local/stack/settings.ts";
import * as api from "../types/api.ts";
import type { Route, RouteAuth } from "../types/route.ts";
import { routes } from "../types/routes.ts";

const HEADER = `// Generated from the schemas of types/api.ts by \`npm run db:types\`; do not edit.
import type { Tables } from "./client-tables.ts";
import type { ReceivedErrorCode } from "./errors.ts";
`;
const CLIENT_AUTH: RouteAuth[] = ["none", "publishable", "user"];

type Names = z.core.$ZodRegistry<{ id: string }>;

/**
 * Returns a module with plain types of what clients send and receive. Types that zod infers would silently become `any`
 * in a project without zod.
 */
export async function writeClientResults(): Promise<string> {
  const [theirs, others] = [isOfClients, (route: Route) => !isOfClients(route)].map((test) =>
    routes.filter(test)
  );
  const requests = requestsOf(theirs ?? []);
  const used = new Set([...requests, ...repliesOf(theirs ?? [])]);
  // A turn is the functions' own form of a request.
  const internal = new Set<z.ZodType>([api.ChatTurn, ...repliesOf(others ?? [])]);
  const input: Names = z.registry();
  const output: Names = z.registry();
  for (const [id, schema] of Object.entries(api)) {
    if (!(schema instanceof z.ZodType) || internal.has(schema) && !used.has(schema)) continue;
    (requests.has(schema) ? input : output).add(schema, { id });
  }
  const comments = await readComments();
  const schemas = { ...describe(input, "input"), ...describe(output, "output") };
  const types = await Promise.all(
    Object.entries(schemas).toSorted(([a], [b]) => a < b ? -1 : 1).map(([name, schema]) =>
      compile({ description: comments.get(name), ...schema }, name, {
        additionalProperties: false,
        bannerComment: "",
        format: false,
        ignoreMinAndMaxItems: true,
      })
    ),
  );
  return [HEADER, ...types].join("\n");
}

const isOfClients = ({ auth }: Route) => CLIENT_AUTH.includes(auth);

function requestsOf(routes: Route[]): Set<z.ZodType> {
  return new Set(routes.flatMap(({ json = [], form }) => form ? [...json, form] : json));
}

function repliesOf(routes: Route[]): z.ZodType[] {
  return routes.flatMap(({ replies }) => replies.flatMap(({ schema }) => schema ?? []));
}

/** Converts the schemas of a registry to JSON schemas, in which a reference is the name of its type. */
function describe(names: Names, io: "input" | "output"): Record<string, JSONSchema> {
  const { schemas } = z.toJSONSchema(names, { io, unrepresentable: "any", uri: (id) => id });
  return JSON.parse(JSON.stringify(schemas), (key, value) => {
    if (key === "$id" || key === "$schema") return undefined;
    return value?.$ref ? { description: value.description, tsType: value.$ref } : value;
  });
}

/** Reads the comments of the exported schemas from their sources: texts by name. */
async function readComments(): Promise<Map<string, string>> {
  const files = await Array.fromAsync(glob("types/api/*.ts", { cwd: REPOSITORY }));
  const texts = await Promise.all(
    files.map((file) => readFile(path.join(REPOSITORY, file), "utf8")),
  );
  const found = texts.flatMap((text) => [
    ...text.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport const (\w+)/g),
  ]);
  return new Map(found.map(([, comment = "", name = ""]) => [
    name,
    comment.trim().replaceAll(/^\s*\* ?/gm, ""),
  ]));
}
