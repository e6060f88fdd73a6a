import { expect, test } from "vitest";
import { mapSource } from "../../../functions/_shared/turn/events/map-sources.ts";
import { urlCitation } from "../../helpers/openai-events.ts";

const cite = (url: string) => mapSource(urlCitation(url), () => undefined);

test.for(["https://example.com/a?b=c#d", "http://example.com", "HTTPS://Example.com/%0A"])(
  "%s is a source",
  (url) => expect(cite(url)).toEqual({ type: "source-url", sourceId: url, url }),
);

test.for([
  "javascript:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "https:\\\\evil.example",
  "https://a.example\\@evil.example/",
  "//evil.example",
  "https://",
  "https://a b.example",
  "\thttps://example.com",
  "file:///etc/passwd",
])("%j is no source, because a page would run it or go elsewhere", (url) => {
  expect(cite(url)).toBeUndefined();
});
