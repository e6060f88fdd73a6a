import type * as z from "zod";

/** The provider's errors for requests that do not match their schema. */
export interface Refusals {
  /** Returns the error for a body that is not JSON. */
  invalidJson(): Error;
  /** Returns the error for the first problem with the input. */
  invalidInput(issue: z.core.$ZodIssue): Error;
}

/** Parses requests with schemas; throws the provider's error if they do not match. */
export interface Parser {
  /** Parses `input` with `schema`. */
  parseInput<Schema extends z.ZodType>(input: unknown, schema: Schema): z.output<Schema>;
  /** Parses the JSON body of a request with `schema`; an absent body counts as `{}`. */
  parseBody<Schema extends z.ZodType>(
    request: { text(): Promise<string> },
    schema: Schema,
  ): Promise<z.output<Schema>>;
}

/** Creates a parser that throws the errors of `refusals`. */
export function createParser({ invalidJson, invalidInput }: Refusals): Parser {
  const parseInput: Parser["parseInput"] = (input, schema) => {
    const result = schema.safeParse(input, { reportInput: true });
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw issue ? invalidInput(issue) : result.error;
  };
  const parseJson = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      throw invalidJson();
    }
  };
  return {
    parseInput,
    async parseBody(request, schema) {
      const text = await request.text();
      return parseInput(text === "" ? {} : parseJson(text), schema);
    },
  };
}
