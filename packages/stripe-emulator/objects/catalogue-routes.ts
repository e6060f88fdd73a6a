import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { noSuch } from "../http/api-error.ts";
import { buildPrice, buildProduct, every } from "./build-catalogue.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import {
  Count,
  Expand,
  Flag,
  isWithin,
  LIST_PARAMS,
  mergeMetadata,
  MetadataParam,
  Text,
  TimeFilter,
  Unsettable,
} from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";
import { refreshPrice } from "../subscriptions/subscription-items.ts";
import { insert, update, type Work } from "../work.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const ProductParams = z.strictObject({
  active: Flag.optional(),
  default_price: Text.optional(),
  description: Unsettable.optional(),
  images: z.array(Text).optional(),
  metadata: MetadataParam.optional(),
  name: Text.optional(),
  url: Unsettable.optional(),
  expand: Expand,
});
const NewProductParams = ProductParams.extend({ id: Text.optional(), name: Text });

const PriceParams = z.strictObject({
  active: Flag.optional(),
  lookup_key: Unsettable.optional(),
  metadata: MetadataParam.optional(),
  nickname: Unsettable.optional(),
  expand: Expand,
});
const NewPriceParams = PriceParams.extend({
  currency: Text,
  product: Text,
  recurring: z.strictObject({
    interval: z.enum(["day", "week", "month", "year"]),
    interval_count: Count.default(1),
  }).optional(),
  unit_amount: Count,
});

const ListParams = {
  ...LIST_PARAMS,
  active: Flag.optional(),
  created: TimeFilter.optional(),
};
const ProductListParams = z.strictObject({ ...ListParams, ids: z.array(Text).optional() });
const PriceListParams = z.strictObject({
  ...ListParams,
  currency: Text.optional(),
  lookup_keys: z.array(Text).optional(),
  product: Text.optional(),
  type: z.enum(["one_time", "recurring"]).optional(),
});

/** Returns the routes of `/v1/products`. */
export function productsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const { expand, metadata, ...fields } = parseInput(c.var.params, NewProductParams);
      const product = buildProduct({ ...fields, metadata: mergeMetadata({}, metadata) });
      return respondToWork(
        c,
        state,
        expand,
        (work) => insert(work, "product", product, "product.created"),
      );
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, ProductListParams);
      const products = [...state.objects.product.values()].filter(({ id, active, created }) =>
        (params.active ?? active) === active && (params.ids?.includes(id) ?? true) &&
        isWithin(created, params.created)
      );
      return respondPage(c, state, products, params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "product", c.req.param("id"))))
    .post("/:id", (c) => {
      const { expand, metadata, ...fields } = parseInput(c.var.params, ProductParams);
      const { id, metadata: before } = findObject(state, "product", c.req.param("id"));
      const patch = {
        ...fields,
        metadata: mergeMetadata(before, metadata),
        updated: nowInSeconds(),
      };
      return respondToWork(
        c,
        state,
        expand,
        (work) => update(work, "product", id, patch, "product.updated"),
      );
    });
}

/** Returns the routes of `/v1/prices`. */
export function pricesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const { expand, metadata, recurring, ...fields } = parseInput(c.var.params, NewPriceParams);
      if (!state.objects.product.has(fields.product)) {
        throw noSuch("product", fields.product, "product");
      }
      const price = buildPrice({
        ...fields,
        metadata: mergeMetadata({}, metadata),
        recurring: recurring ? every(recurring.interval, recurring.interval_count) : null,
      });
      return respondToWork(
        c,
        state,
        expand,
        (work) => insert(work, "price", price, "price.created"),
      );
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, PriceListParams);
      const prices = [...state.objects.price.values()].filter((price) => matches(price, params));
      return respondPage(c, state, prices, params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "price", c.req.param("id"))))
    .post("/:id", (c) => {
      const { expand, ...params } = parseInput(c.var.params, PriceParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => changePrice(work, id, params));
    });
}

function changePrice(
  work: Work,
  id: string,
  { metadata, ...fields }: Omit<z.infer<typeof PriceParams>, "expand">,
): Stripe.Price {
  const before = findObject(work.state, "price", id);
  const patch = { ...fields, metadata: mergeMetadata(before.metadata, metadata) };
  const price = update(work, "price", id, patch, "price.updated");
  refreshPrice(work, price);
  return price;
}

function matches(price: Stripe.Price, params: z.infer<typeof PriceListParams>): boolean {
  const { active = price.active, currency = price.currency, type = price.type } = params;
  return active === price.active && currency === price.currency && type === price.type &&
    (params.product === undefined || params.product === idOf(price.product)) &&
    (params.lookup_keys?.includes(price.lookup_key ?? "") ?? true) &&
    isWithin(price.created, params.created);
}
