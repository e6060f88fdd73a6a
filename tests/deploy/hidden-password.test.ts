import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { supabaseCli } from "../../local/migrations/migrations.ts";
import { readCommandLines } from "./management-api.ts";

test("the CLI gets the password of a database where nobody else can read it", async () => {
  const seen: string[] = [];
  const server = createServer(async (socket) => {
    seen.push(...await readCommandLines());
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  const url = `postgresql://postgres:hunter22@127.0.0.1:${port}/postgres`;

  const failure = await supabaseCli(["db", "push", `--remote=${url}`, "--yes"]).catch(String);

  expect(seen.join("\n")).toContain(`127.0.0.1:${port}/postgres`);
  expect(seen.join("\n")).not.toContain("hunter22");
  expect(failure).toContain("supabase db push failed");
  expect(failure).not.toContain("hunter22");
});
