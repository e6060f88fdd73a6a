// Runs on Deno: serves every function of `functions/` under its name, as Supabase's edge runtime does.
const directory = new URL("../../functions/", import.meta.url);
const port = Number(Deno.env.get("PARLEY_FUNCTIONS_PORT"));

interface EdgeFunction {
  fetch(request: Request): Response | Promise<Response>;
}

const functions = new Map<string, EdgeFunction>();
for (const entry of Deno.readDirSync(directory)) {
  if (!entry.isDirectory || entry.name.startsWith("_")) continue;
  const module = await import(new URL(`${entry.name}/index.ts`, directory).href);
  functions.set(entry.name, module.default);
}

Deno.serve({
  hostname: "127.0.0.1",
  port,
  onListen: () => console.log(`functions ready: ${[...functions.keys()].join(", ")}`),
}, (request) => {
  const name = new URL(request.url).pathname.split("/")[1] ?? "";
  const edgeFunction = functions.get(name);
  if (edgeFunction) return edgeFunction.fetch(request);
  const body = { code: "not_found", message: "No such function.", details: null, hint: null };
  return Response.json(body, { status: 404 });
});

// The supervisor holds the other end: when it is gone, so is this process.
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
