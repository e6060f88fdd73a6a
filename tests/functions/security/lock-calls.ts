import { createHash, randomUUID } from "node:crypto";
import type { AuthError } from "@supabase/supabase-js";
import { admin as service, billing } from "../../helpers/billing.ts";
import { asPostgres } from "../../helpers/stack.ts";
import type { LockWorld } from "./lock-world.ts";

interface Reply {
  status: number;
  error: { code: string; message: string } | null;
}

/** A call that locks rows of an organization, an account, a chat or a turn. */
export interface Call {
  name: string;
  /** Makes what the call needs, before each round. */
  prepare?: (world: LockWorld) => Promise<unknown>;
  act: (world: LockWorld) => PromiseLike<Reply>;
  /** Each round needs a new owner. */
  usesUpOwner?: true;
}

const DONE: Reply = { status: 200, error: null };
const TOKEN = "the token of an invitation";
const HELLO = { content: "Hello", parts: [{ type: "text", text: "Hello" }] };

const organization: Call[] = [
  {
    name: "the owner renames the organization",
    act: ({ owner }) => owner.client.rpc("rename_organization", { name: "Renamed" }),
  },
  {
    name: "an admin invites somebody",
    act: ({ admin }) => admin.client.rpc("invite_member", { email: `${randomUUID()}@example.com` }),
  },
  {
    name: "an admin sends an invitation again",
    act: ({ admin, invitationId }) =>
      admin.client.rpc("resend_invitation", { invitation_id: invitationId }),
  },
  {
    name: "the owner revokes an invitation",
    act: ({ owner, invitationId }) =>
      owner.client.rpc("revoke_invitation", { invitation_id: invitationId }),
  },
  {
    name: "a user accepts an invitation",
    prepare: async ({ organizationId, admin, member }) => {
      await asPostgres("update profiles set organization_id = null where id = $1", [
        member.profileId,
      ]);
      await asPostgres(
        `insert into organization_invitations (organization_id, email, role, token_hash, invited_by)
         values ($1, $2, 'member', $3, $4) on conflict do nothing`,
        [
          organizationId,
          member.email,
          createHash("sha256").update(TOKEN).digest(),
          admin.profileId,
        ],
      );
    },
    act: ({ member }) => member.client.rpc("accept_invitation", { token: TOKEN }),
  },
  {
    name: "the owner makes a member an admin",
    act: ({ owner, member }) =>
      owner.client.rpc("set_member_role", { member_id: member.profileId, role: "admin" }),
  },
  {
    name: "an admin tries to remove the owner",
    act: ({ admin, owner }) => admin.client.rpc("remove_member", { member_id: owner.profileId }),
  },
  {
    name: "an admin removes a member",
    act: ({ admin, member }) => admin.client.rpc("remove_member", { member_id: member.profileId }),
  },
  {
    name: "an admin leaves",
    act: ({ admin }) => admin.client.rpc("leave_organization"),
  },
  {
    name: "the owner transfers the organization to an admin",
    act: ({ owner, admin }) =>
      owner.client.rpc("transfer_ownership", { member_id: admin.profileId }),
  },
  {
    name: "the owner deletes the organization",
    act: ({ owner }) => owner.client.rpc("delete_organization"),
  },
  {
    name: "an admin sets the budget",
    act: ({ admin }) => admin.client.rpc("set_organization_budget", { monthly_budget: 100 }),
  },
];

const account: Call[] = [
  {
    name: "the owner's login is deleted",
    usesUpOwner: true,
    act: ({ owner }) => service.auth.admin.deleteUser(owner.authId).then(fromAuth),
  },
  {
    name: "the owner asks for the deletion of the account",
    usesUpOwner: true,
    act: ({ owner }) => owner.client.rpc("request_account_deletion"),
  },
  {
    name: "a member changes the name",
    act: ({ member }) =>
      member.client.from("profiles").update({ user_name: "Kim" }).eq("id", member.profileId),
  },
  {
    name: "a member signs in on another device",
    act: ({ member }) => member.client.rpc("ensure_profile"),
  },
  {
    name: "an admin of the product suspends a member",
    act: ({ operator, member }) =>
      operator.client.rpc("admin_set_active", { user_id: member.profileId, is_active: false }),
  },
  {
    name: "an admin of the product gives the owner credits",
    act: ({ operator, owner }) =>
      operator.client.rpc("admin_grant_credits", { user_id: owner.profileId, amount: 1 }),
  },
  {
    name: "the customers of all members change",
    prepare: async ({ owner, admin, member }) => {
      for (const { profileId } of [owner, admin, member]) {
        await asPostgres(
          "insert into stripe_customers (id, user_id) values ($1, $2) on conflict do nothing",
          [`cus_${profileId}`, profileId],
        );
      }
    },
    act: async ({ owner, admin, member }) => {
      const objects = [owner, admin, member].map(({ profileId }) => ({
        kind: "customer" as const,
        fields: { id: `cus_${profileId}`, name: randomUUID(), is_deleted: false },
      }));
      const ticket = await billing.drawTicket();
      return await service.rpc("apply_stripe_objects", { event_id: "", ticket, objects });
    },
  },
  {
    name: "the plans of all members are computed again",
    prepare: ({ organizationId }) =>
      asPostgres("select private.enqueue_entitlement_change('organization', $1)", [organizationId]),
    act: async () => {
      await asPostgres("select private.settle_entitlement_changes()");
      return DONE;
    },
  },
];

const turns: Call[] = [
  {
    name: "a member starts a turn",
    act: ({ member, sessionId }) =>
      service.rpc("start_turn", {
        auth_user_id: member.authId,
        session_id: sessionId,
        client_id: "question",
        ...HELLO,
      }),
  },
  {
    name: "a turn is settled",
    prepare: (world) => world.startTurn(),
    act: ({ turnId }) =>
      service.rpc("settle_turn", {
        turn_id: turnId,
        status: "complete",
        reply: { content: "Hi", parts: [{ type: "text", text: "Hi" }] },
      }),
  },
  {
    name: "a turn fails",
    prepare: (world) => world.startTurn(),
    act: ({ turnId }) => service.rpc("fail_turn", { turn_id: turnId, reply: {} }),
  },
  {
    name: "the conversation of a turn is saved",
    prepare: (world) => world.startTurn(),
    act: ({ turnId }) => service.rpc("save_turn_ids", { turn_id: turnId, thread_id: "conv_1" }),
  },
  {
    name: "a member stops a turn",
    prepare: (world) => world.startTurn(),
    act: ({ member, sessionId }) =>
      service.rpc("request_stop", { auth_user_id: member.authId, session_id: sessionId }),
  },
  {
    name: "a function reports the progress of a turn",
    prepare: (world) => world.startTurn(),
    act: ({ turnId }) => service.rpc("report_progress", { turn_ids: [turnId] }),
  },
  {
    name: "a member deletes the chat",
    act: ({ member, sessionId }) =>
      member.client.from("chat_sessions").delete().eq("id", sessionId),
  },
  {
    name: "a member renames the chat",
    act: ({ member, sessionId }) =>
      member.client.from("chat_sessions").update({ title: "Chat" }).eq("id", sessionId),
  },
  {
    name: "a member shares the chat",
    act: ({ member, sessionId }) =>
      member.client.rpc("set_chat_visibility", { session_id: sessionId, visibility: "public" }),
  },
  {
    name: "a member uploads a file",
    act: async ({ member, sessionId }) => {
      const file = { auth_user_id: member.authId, session_id: sessionId };
      return await service.rpc("create_file", {
        ...file,
        file_id: randomUUID(),
        file_name: "a.txt",
        file_type: "text/plain",
        storage_path: `${member.authId}/${randomUUID()}`,
      });
    },
  },
  {
    name: "a lookout of a member runs",
    act: async ({ member, lookoutId }) => {
      const run = await service.rpc("run_lookout_now", {
        auth_user_id: member.authId,
        lookout_id: lookoutId,
      });
      if (run.error) return run;
      return await service.rpc("start_lookout_run", { run_id: run.data.id });
    },
  },
  {
    name: "a member pauses the lookout",
    act: ({ member, lookoutId }) =>
      service.rpc("update_lookout", {
        auth_user_id: member.authId,
        lookout_id: lookoutId,
        seen: {},
        changes: { status: "paused" },
      }),
  },
];

/** The calls of which any two are made at once. */
export const calls: Call[] = [...organization, ...account, ...turns];

function fromAuth({ error }: { error: AuthError | null }): Reply {
  if (!error) return DONE;
  return { status: error.status ?? 500, error: { code: error.code ?? "", message: error.message } };
}
