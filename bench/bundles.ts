import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../local/stack/settings.ts";
import { type Bundle, bundleFunctions, formatBytes } from "../scripts/deploy/bundle-functions.ts";
import { privateFolder } from "../scripts/deploy/project.ts";
import { type Measure, measure, milliseconds, quantile } from "./report.ts";

const PROCESSES = 7;

/** Prints how long the import of a bundle takes, as the first module of its process. */
const IMPORT = `
  const startedAt = performance.now();
  await import(Deno.args[0]);
  console.log(performance.now() - startedAt);
  Deno.exit();`;

/** Measures how long Deno takes to import each bundle that `npm run deploy` makes. Every process imports one. */
export async function measureBundles(): Promise<Measure[]> {
  await using place = await privateFolder();
  const measures: Measure[] = [];
  for (const bundle of await bundleFunctions(place.folder)) {
    const samples: number[] = [];
    for (let count = 0; count < PROCESSES; count++) samples.push(await importTime(bundle));
    const name = `import of ${bundle.name}, ${formatBytes(bundle.bytes)}`;
    const target = { most: 100 };
    measures.push(measure(name, quantile(samples, 0.5), { format: milliseconds, target }));
  }
  return measures;
}

async function importTime({ file }: Bundle): Promise<number> {
  // Without Deno's cache of compiled code, which a machine that starts a function for the first time does not have.
  const flags = ["--no-config", "--no-npm", "--no-remote", "--no-code-cache", "--allow-all"];
  const { stdout } = await execa("deno", ["run", ...flags, "-", file], {
    preferLocal: true,
    localDir: REPOSITORY,
    cwd: path.dirname(file),
    input: IMPORT,
    env: {
      SUPABASE_URL: "http://127.0.0.1",
      SUPABASE_PUBLISHABLE_KEYS: '{"default": "sb_publishable_none"}',
      SUPABASE_SECRET_KEYS: '{"default": "none"}',
      OPENAI_API_KEY: "sk-none",
      STRIPE_SECRET_KEY: "sk_test_none",
      STRIPE_WEBHOOK_SECRET: "whsec_none",
    },
  });
  return Number(stdout);
}
