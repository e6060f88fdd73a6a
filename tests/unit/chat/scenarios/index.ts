import { replies } from "./replies.ts";
import type { Scenario } from "./scenario.ts";
import { sources } from "./sources.ts";
import { tools } from "./tools.ts";

export { DOCUMENT_TEXT, findFile } from "./scenario.ts";

/** Every row of the wire format and the edges of each. */
export const scenarios: Scenario[] = [...replies, ...sources, ...tools];
