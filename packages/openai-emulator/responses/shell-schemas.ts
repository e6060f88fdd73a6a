import * as z from "zod";

const NetworkPolicy = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("disabled") }),
  z.strictObject({
    type: z.literal("allowlist"),
    allowed_domains: z.array(z.string()),
    domain_secrets: z.array(z.strictObject({
      domain: z.string(),
      name: z.string(),
      value: z.string(),
    })).optional(),
  }),
]);

const containerOptions = {
  file_ids: z.array(z.string()).optional(),
  memory_limit: z.enum(["1g", "4g", "16g", "64g"]).nullish(),
  network_policy: NetworkPolicy.optional(),
};

/** The container that the API creates for a code interpreter. */
export const InterpreterContainer = z.strictObject({
  type: z.literal("auto"),
  ...containerOptions,
});

const Skill = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("skill_reference"),
    skill_id: z.string(),
    version: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("inline"),
    description: z.string(),
    name: z.string(),
    source: z.strictObject({
      type: z.literal("base64"),
      data: z.string(),
      media_type: z.literal("application/zip"),
    }),
  }),
]);

const ShellContainer = z.strictObject({
  type: z.literal("container_auto"),
  ...containerOptions,
  skills: z.array(Skill).optional(),
});

/** The client's own machine as the place where shell commands run. */
export const LocalEnvironment = z.strictObject({
  type: z.literal("local"),
  skills: z.array(z.strictObject({
    description: z.string(),
    name: z.string(),
    path: z.string(),
  })).optional(),
});

/** A container that the client created. */
export const ContainerReference = z.strictObject({
  type: z.literal("container_reference"),
  container_id: z.string(),
});

/** The place where the shell tool runs commands. */
export const ShellEnvironment = z.discriminatedUnion("type", [
  ShellContainer,
  LocalEnvironment,
  ContainerReference,
]);
