import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { stack } from "../../helpers/stack.ts";
import { behave, command, holdEvents, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { asPostgres } from "../../helpers/stack.ts";

afterEach(releaseEvents);

const stateDir = await mkdtemp(path.join(os.tmpdir(), "parley-sync-"));
afterAll(() => rm(stateDir, { recursive: true, force: true }));

async function runSync(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await startSync(...args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return stdout;
}

function startSync(...args: string[]) {
  return execa(
    "node",
    [path.join(REPOSITORY, "scripts/sync-stripe.ts"), ...args],
    {
      preferLocal: true,
      localDir: REPOSITORY,
      env: {
        SUPABASE_URL: stack.API_URL,
        SUPABASE_SECRET_KEY: stack.SECRET_KEY,
        STRIPE_SECRET_KEY: "sk_test_tests",
        STRIPE_API_URL: stack.STRIPE_API_URL,
        PARLEY_STATE_DIR: stateDir,
      },
      reject: false,
    },
  );
}

test(
  "a dry run prints the differences and writes nothing; a run corrects them",
  { timeout: 120_000 },
  async () => {
    const payer = await createPayer();
    await holdEvents();
    const { id } = await stripe.subscriptions.create({
      customer: payer.customerId,
      items: [{ price: "price_parley_pro_monthly" }],
    });
    const product = await stripe.products.create({ name: "Gone" });
    await asPostgres("insert into stripe_products (id, name) values ($1, 'Gone')", [product.id]);
    await command({ object: "product", id: product.id, deleted: true });

    const differences = await runSync("--dry-run");
    expect(differences).toContain(`+ subscription ${id}`);
    expect(differences).toContain(`~ product ${product.id} is_deleted: false → true`);
    expect((await readProfile(payer)).subscription_plan).toBe("free");

    await runSync();
    expect((await readProfile(payer)).subscription_plan).toBe("pro");
    const again = await runSync("--dry-run");
    expect(again).not.toContain(id);
    expect(again).not.toContain(product.id);
  },
);

test(
  "after a failure the script says what is not equal; the next run makes up for events that were lost between them",
  { timeout: 120_000 },
  async () => {
    const payer = await createPayer();
    await holdEvents();
    const { id } = await stripe.subscriptions.create({
      customer: payer.customerId,
      items: [{ price: "price_parley_pro_monthly" }],
    });
    await behave({ fail: { path: "/v1/checkout/sessions", status: 400 } });
    const failed = await startSync();
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain("not yet equal");
    expect(failed.stderr).toContain("Left: checkouts, leftovers.");
    expect(failed.stdout).not.toContain("are as Stripe has them");
    expect((await readProfile(payer)).subscription_plan).toBe("pro");

    await behave({});
    await stripe.subscriptions.cancel(id);
    const output = await runSync();
    expect(output).toContain("Continuing with checkouts.");
    expect(output).toContain("are as Stripe has them");
    expect((await readProfile(payer)).subscription_plan).toBe("free");
    expect(await runSync()).not.toContain("Continuing");
  },
);

test(
  "stored objects that Stripe does not list are looked up to the last",
  { timeout: 120_000 },
  async () => {
    await asPostgres(
      "insert into stripe_customers (id) select 'cus_gone' || n from generate_series(1, 250) n",
    );
    await runSync();
    expect(
      await asPostgres(
        "select id from stripe_customers where id like 'cus_gone%' and not is_deleted",
      ),
    ).toEqual([]);
  },
);
