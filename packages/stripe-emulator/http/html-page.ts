import { html } from "hono/html";

/** Returns a page of the customer. */
export function page(title: string, body: ReturnType<typeof html>) {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>${title} (Stripe emulator)</title>
      </head>
      <body>
            <h1>${title}</h1>
            ${body}
          </body>
    </html>
  `;
}

/** Returns an amount as a customer reads it. */
export function money(cents: number, currency: string): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(cents / 100);
}
