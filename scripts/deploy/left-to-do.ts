import type { DeploySettings } from "./settings.ts";

/**
 * Lists what remains to do by hand after a deployment. A person who has done it before can skip the list.
 * `hasLiveEvents` is false if users cannot join the channels of live events yet.
 */
export function listLeftToDo(
  { project, functionsUrl, variables }: DeploySettings,
  hasLiveEvents: boolean,
): string[] {
  const dashboard = `https://supabase.com/dashboard/project/${project}`;
  const events = "response.completed, response.failed, response.incomplete and response.cancelled";
  const openai = `Optional: add the webhook ${functionsUrl}/openai-webhook at ` +
    `https://platform.openai.com/settings/project/webhooks for ${events}. ` +
    "Then set OPENAI_WEBHOOK_SECRET and deploy again.";
  return [
    ...(variables.PARLEY_ALLOWED_ORIGINS
      ? []
      : ["Set PARLEY_ALLOWED_ORIGINS to the origins of your apps, and deploy again."]),
    ...(hasLiveEvents ? [] : [
      "Live events are off, because Realtime has not made its tables yet. Join a channel once at " +
      `${dashboard}/realtime/inspector, then deploy again.`,
    ]),
    `Confirm email addresses, and set site_url: ${dashboard}/auth/providers`,
    `Turn on a CAPTCHA for sign-ups: ${dashboard}/auth/protection`,
    `Turn on the hook "Before User Created" with private.limit_sign_ups: ${dashboard}/auth/hooks`,
    ...(variables.STRIPE_SECRET_KEY
      ? [
        `Check the endpoint ${functionsUrl}/stripe-webhook at https://dashboard.stripe.com/webhooks, ` +
        "then run `npm run db:sync-stripe` (docs/billing.md).",
      ]
      : [
        "To sell something, set up Stripe (docs/billing.md). Until then, the functions billing and stripe-webhook " +
        "do not start.",
      ]),
    ...(variables.OPENAI_WEBHOOK_SECRET ? [] : [openai]),
    "Make the first admin after you have signed up: npm run db:setup-admin -- you@example.com",
    "Read what else SECURITY.md lists, and plan backups (docs/operations.md).",
  ];
}
