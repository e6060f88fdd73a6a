import path from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { stack } from "../../helpers/stack.ts";
import { command, holdEvents, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { asPostgres } from "../../helpers/stack.ts";

afterEach(releaseEvents);

async function runSync(...args: string[]): Promise<string> {
  const { stdout } = await execa(
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
      },
    },
  );
  return stdout;
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
