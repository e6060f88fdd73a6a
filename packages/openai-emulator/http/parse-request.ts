import { createParser } from "@parley/emulator-kit/parse-input.ts";
import type * as z from "zod";
import { ApiError } from "./api-error.ts";
import { describeIssue } from "./describe-issue.ts";

/** Parse requests with a schema; throw OpenAI's 400 for the first problem. As at OpenAI, a body may be absent. */
export const { parseBody, parseInput } = createParser({
  invalidJson: () => new ApiError(400, "We could not parse the JSON body of your request."),
  invalidInput: (issue: z.core.$ZodIssue) => describeIssue(issue),
});
