import path from "node:path";
import { createAuthApp } from "../auth/create-auth-app.ts";
import { createGateway } from "../gateway/app.ts";
import type { Door } from "../gateway/door.ts";
import type { FunctionsUpstream } from "../gateway/functions.ts";
import { createTokenExchange } from "../gateway/tokens.ts";
import { createMailer } from "../mail/mailer.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { SUPERUSER } from "../postgres/names.ts";
import type { PlatformDatabase } from "../postgres/platform-database.ts";
import { quietAnsweredErrors } from "../rest/quiet.ts";
import { createReloadingApp } from "../rest/reload.ts";
import { createStorageApi } from "../storage/storage-api.ts";
import { type Site, usePool } from "./site.ts";

/** A running gateway. It serves everything but the functions until `connect` is called. */
export interface StartedGateway {
  /** Sets the server of the functions. */
  connect(functions: FunctionsUpstream): void;
  /** Reports through the health route that all parts answer. */
  markReady(): void;
}

/** Starts REST, Auth, Storage and the mailbox, and serves them through the door. */
export async function startGateway(
  { settings, keys, apiUrl, mailPort, log }: Site,
  { database, mailbox, door }: { database: PlatformDatabase; mailbox: Mailbox; door: Door },
  parts: AsyncDisposableStack,
): Promise<StartedGateway> {
  const { stateDir } = settings;
  let ready = false;
  let functions: FunctionsUpstream | undefined;
  parts.defer(quietAnsweredErrors());
  const app = await createReloadingApp({ databaseUrl: database.url(SUPERUSER), apiUrl, keys });
  parts.defer(() => app.close());
  const pool = usePool(database.url(SUPERUSER), 4, parts);
  const tokens = await createTokenExchange(keys, `${apiUrl}/auth/v1`);
  const storage = await createStorageApi({
    database: pool,
    directory: path.join(stateDir, "storage"),
    keys,
    tokens,
    log,
  });
  const auth = createAuthApp({
    database: pool,
    signToken: tokens.sign,
    sendMail: createMailer(mailPort),
    secretKey: keys.secretKey,
    apiUrl,
    anonymousSignIns: settings.anonymousSignIns,
    allowedOrigins: settings.allowedOrigins.split(/[\s,]+/).filter(Boolean),
    log,
  });
  const gateway = createGateway({
    app,
    auth,
    mailbox,
    storage,
    tokens,
    keys,
    functions: {
      address: () => functions?.address(),
      answer: (name, request, send) => functions?.answer(name, request, send),
      verifiesJwt: (name) => functions?.verifiesJwt(name) ?? false,
    },
    isReady: () => ready,
  });
  door.open(gateway.fetch);
  // Deferred last, so the server closes before the services behind it.
  parts.defer(() => door.close());
  return {
    connect(upstream) {
      functions = upstream;
    },
    markReady() {
      ready = true;
    },
  };
}
