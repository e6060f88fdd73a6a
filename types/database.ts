// Generated from the database by `npm run db:types`; do not edit.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "admin_notes": {
        Row: {
          "admin_id": string | null;
          "created_at": string;
          "id": string;
          "is_flagged": boolean;
          "note": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "admin_id"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "is_flagged"?: boolean;
          "note": string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "admin_id"?: string | null;
          "created_at"?: string;
          "id"?: string;
          "is_flagged"?: boolean;
          "note"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "admin_notes_admin_id_fkey";
            columns: ["admin_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "admin_notes_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "assistant_tools": {
        Row: {
          "assistant_slug": string;
          "created_at": string;
          "tool_slug": string;
        };
        ComputedFields: never;
        Insert: {
          "assistant_slug": string;
          "created_at"?: string;
          "tool_slug": string;
        };
        Update: {
          "assistant_slug"?: string;
          "created_at"?: string;
          "tool_slug"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "assistant_tools_assistant_slug_fkey";
            columns: ["assistant_slug"];
            isOneToOne: false;
            referencedRelation: "assistants";
            referencedColumns: ["slug"];
          },
          {
            foreignKeyName: "assistant_tools_tool_slug_fkey";
            columns: ["tool_slug"];
            isOneToOne: false;
            referencedRelation: "tools";
            referencedColumns: ["slug"];
          },
        ];
      };
      "assistants": {
        Row: {
          "capabilities": (string)[];
          "created_at": string;
          "description": string;
          "is_active": boolean;
          "max_files": number;
          "max_output_tokens": number | null;
          "max_tool_calls": number | null;
          "model": string;
          "name": string;
          "reasoning_effort": string | null;
          "required_plan": string | null;
          "slug": string;
          "sort_order": number;
          "starters": (string)[];
          "temperature": number | null;
          "updated_at": string;
          "web_with_tools": (string)[] | null;
        };
        ComputedFields: never;
        Insert: {
          "capabilities"?: (string)[];
          "created_at"?: string;
          "description": string;
          "is_active"?: boolean;
          "max_files"?: number;
          "max_output_tokens"?: number | null;
          "max_tool_calls"?: number | null;
          "model": string;
          "name": string;
          "reasoning_effort"?: string | null;
          "required_plan"?: string | null;
          "slug": string;
          "sort_order"?: number;
          "starters"?: (string)[];
          "temperature"?: number | null;
          "updated_at"?: string;
          "web_with_tools"?: (string)[] | null;
        };
        Update: {
          "capabilities"?: (string)[];
          "created_at"?: string;
          "description"?: string;
          "is_active"?: boolean;
          "max_files"?: number;
          "max_output_tokens"?: number | null;
          "max_tool_calls"?: number | null;
          "model"?: string;
          "name"?: string;
          "reasoning_effort"?: string | null;
          "required_plan"?: string | null;
          "slug"?: string;
          "sort_order"?: number;
          "starters"?: (string)[];
          "temperature"?: number | null;
          "updated_at"?: string;
          "web_with_tools"?: (string)[] | null;
        };
        Relationships: [
          {
            foreignKeyName: "assistants_required_plan_fkey";
            columns: ["required_plan"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["slug"];
          },
        ];
      };
      "audit_logs": {
        Row: {
          "action": string;
          "admin_id": string | null;
          "after": Json | null;
          "before": Json | null;
          "created_at": string;
          "details": NonNullable<Json>;
          "id": string;
          "ip_address": unknown;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "admin_id"?: string | null;
          "after"?: Json | null;
          "before"?: Json | null;
          "created_at"?: string;
          "details"?: NonNullable<Json>;
          "id"?: string;
          "ip_address"?: unknown;
          "user_id"?: string | null;
        };
        Update: {
          "action"?: string;
          "admin_id"?: string | null;
          "after"?: Json | null;
          "before"?: Json | null;
          "created_at"?: string;
          "details"?: NonNullable<Json>;
          "id"?: string;
          "ip_address"?: unknown;
          "user_id"?: string | null;
        };
        Relationships: [];
      };
      "bridge_tokens": {
        Row: {
          "auth_session_id": string;
          "client_ip": unknown;
          "created_at": string;
          "expires_at": string;
          "id": string;
          "redeemed_at": string | null;
          "session_data": NonNullable<Json>;
          "token_hash": string;
          "user_agent": string | null;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "auth_session_id": string;
          "client_ip"?: unknown;
          "created_at"?: string;
          "expires_at"?: string;
          "id"?: string;
          "redeemed_at"?: string | null;
          "session_data"?: NonNullable<Json>;
          "token_hash": string;
          "user_agent"?: string | null;
          "user_id": string;
        };
        Update: {
          "auth_session_id"?: string;
          "client_ip"?: unknown;
          "created_at"?: string;
          "expires_at"?: string;
          "id"?: string;
          "redeemed_at"?: string | null;
          "session_data"?: NonNullable<Json>;
          "token_hash"?: string;
          "user_agent"?: string | null;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "bridge_tokens_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "chat_files": {
        Row: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "assistant_slug"?: string | null;
          "created_at"?: string;
          "error"?: Json | null;
          "file_name": string;
          "file_size"?: number | null;
          "file_type": string;
          "id"?: string;
          "indexing_since"?: string;
          "message_id"?: string | null;
          "openai_file_id"?: string | null;
          "origin"?: string;
          "retry_at"?: string | null;
          "session_id"?: string | null;
          "sha256"?: string | null;
          "status"?: string;
          "storage_path": string;
          "updated_at"?: string;
          "uploaded_as"?: string | null;
          "user_id"?: string | null;
          "vector_store_id"?: string | null;
        };
        Update: {
          "assistant_slug"?: string | null;
          "created_at"?: string;
          "error"?: Json | null;
          "file_name"?: string;
          "file_size"?: number | null;
          "file_type"?: string;
          "id"?: string;
          "indexing_since"?: string;
          "message_id"?: string | null;
          "openai_file_id"?: string | null;
          "origin"?: string;
          "retry_at"?: string | null;
          "session_id"?: string | null;
          "sha256"?: string | null;
          "status"?: string;
          "storage_path"?: string;
          "updated_at"?: string;
          "uploaded_as"?: string | null;
          "user_id"?: string | null;
          "vector_store_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "chat_files_message_id_fkey";
            columns: ["message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chat_files_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "chat_files_vector_store_id_fkey";
            columns: ["vector_store_id"];
            isOneToOne: false;
            referencedRelation: "vector_stores";
            referencedColumns: ["id"];
          },
        ];
      };
      "chat_messages": {
        Row: {
          "attachments": Json | null;
          "cached_input_tokens": number | null;
          "client_id": string | null;
          "completion_time": number | null;
          "content": string;
          "created_at": string;
          "error": Json | null;
          "feedback": number | null;
          "has_files": boolean;
          "id": string;
          "input_tokens": number | null;
          "model": string | null;
          "output_tokens": number | null;
          "parts": NonNullable<Json>;
          "response_id": string | null;
          "sender": string;
          "seq": number;
          "session_id": string;
          "status": string;
          "total_tokens": number | null;
          "usage_estimated": boolean;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "attachments"?: never;
          "cached_input_tokens"?: number | null;
          "client_id"?: string | null;
          "completion_time"?: number | null;
          "content"?: string;
          "created_at"?: string;
          "error"?: Json | null;
          "feedback"?: number | null;
          "has_files"?: never;
          "id"?: string;
          "input_tokens"?: number | null;
          "model"?: string | null;
          "output_tokens"?: number | null;
          "parts"?: NonNullable<Json>;
          "response_id"?: string | null;
          "sender": string;
          "seq": number;
          "session_id": string;
          "status"?: string;
          "total_tokens"?: never;
          "usage_estimated"?: boolean;
          "user_id": string;
        };
        Update: {
          "attachments"?: never;
          "cached_input_tokens"?: number | null;
          "client_id"?: string | null;
          "completion_time"?: number | null;
          "content"?: string;
          "created_at"?: string;
          "error"?: Json | null;
          "feedback"?: number | null;
          "has_files"?: never;
          "id"?: string;
          "input_tokens"?: number | null;
          "model"?: string | null;
          "output_tokens"?: number | null;
          "parts"?: NonNullable<Json>;
          "response_id"?: string | null;
          "sender"?: string;
          "seq"?: number;
          "session_id"?: string;
          "status"?: string;
          "total_tokens"?: never;
          "usage_estimated"?: boolean;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_messages_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
        ];
      };
      "chat_sessions": {
        Row: {
          "archived_at": string | null;
          "assistant_slug": string;
          "created_at": string;
          "id": string;
          "message_count": number;
          "share_token": string | null;
          "thread_id": string | null;
          "title": string | null;
          "title_origin": string | null;
          "updated_at": string;
          "user_id": string;
          "visibility": string;
        };
        ComputedFields: never;
        Insert: {
          "archived_at"?: string | null;
          "assistant_slug": string;
          "created_at"?: string;
          "id"?: string;
          "message_count"?: number;
          "share_token"?: string | null;
          "thread_id"?: string | null;
          "title"?: string | null;
          "title_origin"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
          "visibility"?: string;
        };
        Update: {
          "archived_at"?: string | null;
          "assistant_slug"?: string;
          "created_at"?: string;
          "id"?: string;
          "message_count"?: number;
          "share_token"?: string | null;
          "thread_id"?: string | null;
          "title"?: string | null;
          "title_origin"?: string | null;
          "updated_at"?: string;
          "user_id"?: string;
          "visibility"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_sessions_assistant_slug_fkey";
            columns: ["assistant_slug"];
            isOneToOne: false;
            referencedRelation: "assistants";
            referencedColumns: ["slug"];
          },
          {
            foreignKeyName: "chat_sessions_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "chat_turns": {
        Row: {
          "assistant_message_id": string;
          "created_at": string;
          "finished_at": string | null;
          "first_part": number;
          "id": string;
          "progressed_at": string;
          "replaces_message_id": string | null;
          "reservation": Json | null;
          "response_id": string | null;
          "search": boolean;
          "session_id": string;
          "status": string;
          "step_started_at": string;
          "steps": number;
          "stop_requested_at": string | null;
          "user_id": string;
          "user_message_id": string;
        };
        ComputedFields: never;
        Insert: {
          "assistant_message_id": string;
          "created_at"?: string;
          "finished_at"?: string | null;
          "first_part"?: number;
          "id"?: string;
          "progressed_at"?: string;
          "replaces_message_id"?: string | null;
          "reservation"?: Json | null;
          "response_id"?: string | null;
          "search"?: boolean;
          "session_id": string;
          "status"?: string;
          "step_started_at"?: string;
          "steps"?: number;
          "stop_requested_at"?: string | null;
          "user_id": string;
          "user_message_id": string;
        };
        Update: {
          "assistant_message_id"?: string;
          "created_at"?: string;
          "finished_at"?: string | null;
          "first_part"?: number;
          "id"?: string;
          "progressed_at"?: string;
          "replaces_message_id"?: string | null;
          "reservation"?: Json | null;
          "response_id"?: string | null;
          "search"?: boolean;
          "session_id"?: string;
          "status"?: string;
          "step_started_at"?: string;
          "steps"?: number;
          "stop_requested_at"?: string | null;
          "user_id"?: string;
          "user_message_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_turns_assistant_message_id_fkey";
            columns: ["assistant_message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chat_turns_replaces_message_id_fkey";
            columns: ["replaces_message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chat_turns_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "chat_turns_user_message_id_fkey";
            columns: ["user_message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
        ];
      };
      "custom_instructions": {
        Row: {
          "content": string;
          "created_at": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "content": string;
          "created_at"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Update: {
          "content"?: string;
          "created_at"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "custom_instructions_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: true;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "lookout_runs": {
        Row: {
          "attempts": number;
          "error": Json | null;
          "finished_at": string | null;
          "id": string;
          "lookout_id": string;
          "next_run_at": string | null;
          "scheduled_at": string;
          "session_id": string | null;
          "started_at": string;
          "status": string;
          "turn_started_at": string | null;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "attempts"?: number;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "id"?: string;
          "lookout_id": string;
          "next_run_at"?: string | null;
          "scheduled_at": string;
          "session_id"?: string | null;
          "started_at"?: string;
          "status"?: string;
          "turn_started_at"?: string | null;
          "user_id": string;
        };
        Update: {
          "attempts"?: number;
          "error"?: Json | null;
          "finished_at"?: string | null;
          "id"?: string;
          "lookout_id"?: string;
          "next_run_at"?: string | null;
          "scheduled_at"?: string;
          "session_id"?: string | null;
          "started_at"?: string;
          "status"?: string;
          "turn_started_at"?: string | null;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lookout_runs_lookout_id_user_id_fkey";
            columns: ["lookout_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "lookouts";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "lookout_runs_session_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
        ];
      };
      "lookouts": {
        Row: {
          "assistant_slug": string;
          "created_at": string;
          "cron_schedule": string;
          "frequency": string;
          "id": string;
          "last_run_at": string | null;
          "last_run_session_id": string | null;
          "lease_until": string | null;
          "next_run_at": string | null;
          "prompt": string;
          "status": string;
          "timezone": string;
          "title": string;
          "updated_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "assistant_slug": string;
          "created_at"?: string;
          "cron_schedule": string;
          "frequency": string;
          "id"?: string;
          "last_run_at"?: string | null;
          "last_run_session_id"?: string | null;
          "lease_until"?: string | null;
          "next_run_at"?: string | null;
          "prompt": string;
          "status"?: string;
          "timezone": string;
          "title": string;
          "updated_at"?: string;
          "user_id": string;
        };
        Update: {
          "assistant_slug"?: string;
          "created_at"?: string;
          "cron_schedule"?: string;
          "frequency"?: string;
          "id"?: string;
          "last_run_at"?: string | null;
          "last_run_session_id"?: string | null;
          "lease_until"?: string | null;
          "next_run_at"?: string | null;
          "prompt"?: string;
          "status"?: string;
          "timezone"?: string;
          "title"?: string;
          "updated_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "lookouts_assistant_slug_fkey";
            columns: ["assistant_slug"];
            isOneToOne: false;
            referencedRelation: "assistants";
            referencedColumns: ["slug"];
          },
          {
            foreignKeyName: "lookouts_last_run_session_id_fkey";
            columns: ["last_run_session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "lookouts_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "models": {
        Row: {
          "accepts_images": boolean | null;
          "accepts_temperature": boolean | null;
          "cache_write_price": number | null;
          "cached_input_price": number | null;
          "compacts": boolean | null;
          "context_window": number | null;
          "default_effort": string | null;
          "efforts": (string)[] | null;
          "input_price": number | null;
          "long_input_tokens": number | null;
          "max_output_tokens": number | null;
          "model": string;
          "output_price": number | null;
        };
        ComputedFields: never;
        Insert: {
          "accepts_images"?: boolean | null;
          "accepts_temperature"?: boolean | null;
          "cache_write_price"?: number | null;
          "cached_input_price"?: number | null;
          "compacts"?: boolean | null;
          "context_window"?: number | null;
          "default_effort"?: string | null;
          "efforts"?: (string)[] | null;
          "input_price"?: number | null;
          "long_input_tokens"?: number | null;
          "max_output_tokens"?: number | null;
          "model": string;
          "output_price"?: number | null;
        };
        Update: {
          "accepts_images"?: boolean | null;
          "accepts_temperature"?: boolean | null;
          "cache_write_price"?: number | null;
          "cached_input_price"?: number | null;
          "compacts"?: boolean | null;
          "context_window"?: number | null;
          "default_effort"?: string | null;
          "efforts"?: (string)[] | null;
          "input_price"?: number | null;
          "long_input_tokens"?: number | null;
          "max_output_tokens"?: number | null;
          "model"?: string;
          "output_price"?: number | null;
        };
        Relationships: [];
      };
      "monthly_costs": {
        Row: {
          "carried": number;
          "month": string;
          "reserved": number;
          "spent": number;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "carried"?: number;
          "month": string;
          "reserved"?: number;
          "spent"?: number;
          "user_id": string;
        };
        Update: {
          "carried"?: number;
          "month"?: string;
          "reserved"?: number;
          "spent"?: number;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "monthly_costs_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "organization_costs": {
        Row: {
          "month": string;
          "organization_id": string;
          "reserved": number;
          "spent": number;
        };
        ComputedFields: never;
        Insert: {
          "month": string;
          "organization_id": string;
          "reserved"?: number;
          "spent"?: number;
        };
        Update: {
          "month"?: string;
          "organization_id"?: string;
          "reserved"?: number;
          "spent"?: number;
        };
        Relationships: [];
      };
      "organization_invitations": {
        Row: {
          "created_at": string;
          "email": string;
          "expires_at": string;
          "id": string;
          "invited_by": string | null;
          "organization_id": string;
          "role": string;
          "token_hash": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "email": string;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id": string;
          "role": string;
          "token_hash": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "email"?: string;
          "expires_at"?: string;
          "id"?: string;
          "invited_by"?: string | null;
          "organization_id"?: string;
          "role"?: string;
          "token_hash"?: string;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "organization_invitations_invited_by_fkey";
            columns: ["invited_by"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "organization_invitations_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
        ];
      };
      "organizations": {
        Row: {
          "created_at": string;
          "id": string;
          "monthly_budget": number | null;
          "name": string;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "id"?: string;
          "monthly_budget"?: number | null;
          "name": string;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "id"?: string;
          "monthly_budget"?: number | null;
          "name"?: string;
          "updated_at"?: string;
        };
        Relationships: [];
      };
      "payments": {
        Row: {
          "amount": number;
          "billing": Json | null;
          "card_issuing_country": string | null;
          "card_last_four": string | null;
          "card_network": string | null;
          "card_type": string | null;
          "checkout_id": string | null;
          "created_at": string;
          "currency": string;
          "customer": Json | null;
          "description": string | null;
          "digital_products_delivered": boolean;
          "discount_id": string | null;
          "disputes": NonNullable<Json>;
          "error_code": string | null;
          "error_message": string | null;
          "id": string;
          "invoice_link": string | null;
          "invoice_status": string | null;
          "metadata": NonNullable<Json>;
          "paid_at": string | null;
          "payment_link": string | null;
          "payment_method": string | null;
          "payment_method_type": string | null;
          "product_cart": NonNullable<Json>;
          "receipt_link": string | null;
          "refunded_amount": number;
          "refunds": NonNullable<Json>;
          "settlement_amount": number | null;
          "settlement_currency": string | null;
          "settlement_tax": number | null;
          "status": string;
          "stripe_customer_id": string | null;
          "stripe_invoice_id": string | null;
          "stripe_payment_intent_id": string | null;
          "subscription_id": string | null;
          "tax": number | null;
          "ticket": number;
          "updated_at": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "amount": number;
          "billing"?: Json | null;
          "card_issuing_country"?: string | null;
          "card_last_four"?: string | null;
          "card_network"?: string | null;
          "card_type"?: string | null;
          "checkout_id"?: string | null;
          "created_at": string;
          "currency": string;
          "customer"?: Json | null;
          "description"?: string | null;
          "digital_products_delivered"?: boolean;
          "discount_id"?: string | null;
          "disputes"?: NonNullable<Json>;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "invoice_link"?: string | null;
          "invoice_status"?: string | null;
          "metadata"?: NonNullable<Json>;
          "paid_at"?: string | null;
          "payment_link"?: string | null;
          "payment_method"?: string | null;
          "payment_method_type"?: string | null;
          "product_cart"?: NonNullable<Json>;
          "receipt_link"?: string | null;
          "refunded_amount"?: number;
          "refunds"?: NonNullable<Json>;
          "settlement_amount"?: number | null;
          "settlement_currency"?: string | null;
          "settlement_tax"?: number | null;
          "status": string;
          "stripe_customer_id"?: string | null;
          "stripe_invoice_id"?: string | null;
          "stripe_payment_intent_id"?: string | null;
          "subscription_id"?: string | null;
          "tax"?: number | null;
          "ticket"?: number;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "amount"?: number;
          "billing"?: Json | null;
          "card_issuing_country"?: string | null;
          "card_last_four"?: string | null;
          "card_network"?: string | null;
          "card_type"?: string | null;
          "checkout_id"?: string | null;
          "created_at"?: string;
          "currency"?: string;
          "customer"?: Json | null;
          "description"?: string | null;
          "digital_products_delivered"?: boolean;
          "discount_id"?: string | null;
          "disputes"?: NonNullable<Json>;
          "error_code"?: string | null;
          "error_message"?: string | null;
          "id"?: string;
          "invoice_link"?: string | null;
          "invoice_status"?: string | null;
          "metadata"?: NonNullable<Json>;
          "paid_at"?: string | null;
          "payment_link"?: string | null;
          "payment_method"?: string | null;
          "payment_method_type"?: string | null;
          "product_cart"?: NonNullable<Json>;
          "receipt_link"?: string | null;
          "refunded_amount"?: number;
          "refunds"?: NonNullable<Json>;
          "settlement_amount"?: number | null;
          "settlement_currency"?: string | null;
          "settlement_tax"?: number | null;
          "status"?: string;
          "stripe_customer_id"?: string | null;
          "stripe_invoice_id"?: string | null;
          "stripe_payment_intent_id"?: string | null;
          "subscription_id"?: string | null;
          "tax"?: number | null;
          "ticket"?: number;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "payments_stripe_customer_id_fkey";
            columns: ["stripe_customer_id"];
            isOneToOne: false;
            referencedRelation: "stripe_customers";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "payments_subscription_id_fkey";
            columns: ["subscription_id"];
            isOneToOne: false;
            referencedRelation: "subscriptions";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "payments_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "plans": {
        Row: {
          "daily_messages": number | null;
          "max_bytes": number | null;
          "max_file_bytes": number | null;
          "max_files": number | null;
          "max_lookouts": number | null;
          "max_output_tokens": number | null;
          "max_session_files": number | null;
          "max_sessions": number;
          "monthly_budget": number | null;
          "monthly_messages": number | null;
          "monthly_searches": number | null;
          "name": string;
          "rank": number;
          "slug": string;
          "turns_per_minute": number | null;
        };
        ComputedFields: never;
        Insert: {
          "daily_messages"?: number | null;
          "max_bytes"?: number | null;
          "max_file_bytes"?: number | null;
          "max_files"?: number | null;
          "max_lookouts"?: number | null;
          "max_output_tokens"?: number | null;
          "max_session_files"?: number | null;
          "max_sessions"?: number;
          "monthly_budget"?: number | null;
          "monthly_messages"?: number | null;
          "monthly_searches"?: number | null;
          "name": string;
          "rank": number;
          "slug": string;
          "turns_per_minute"?: number | null;
        };
        Update: {
          "daily_messages"?: number | null;
          "max_bytes"?: number | null;
          "max_file_bytes"?: number | null;
          "max_files"?: number | null;
          "max_lookouts"?: number | null;
          "max_output_tokens"?: number | null;
          "max_session_files"?: number | null;
          "max_sessions"?: number;
          "monthly_budget"?: number | null;
          "monthly_messages"?: number | null;
          "monthly_searches"?: number | null;
          "name"?: string;
          "rank"?: number;
          "slug"?: string;
          "turns_per_minute"?: number | null;
        };
        Relationships: [];
      };
      "profiles": {
        Row: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        ComputedFields: never;
        Insert: {
          "auth_id"?: string | null;
          "auth_provider"?: string;
          "avatar_url"?: string | null;
          "created_at"?: string;
          "deleted_at"?: string | null;
          "email"?: string | null;
          "email_confirmed"?: boolean;
          "entitlement_due_at"?: string | null;
          "granted_plan"?: string | null;
          "granted_plan_ends_at"?: string | null;
          "id"?: string;
          "is_active"?: boolean;
          "is_anonymous"?: boolean;
          "is_deleted"?: boolean;
          "membership_status"?: Database["public"]["Enums"]["membership_status"];
          "organization_id"?: string | null;
          "organization_joined_at"?: string | null;
          "organization_name"?: string | null;
          "organization_role"?: string | null;
          "plan_source"?: string;
          "quota_last_reset"?: string;
          "role"?: Database["public"]["Enums"]["user_role"];
          "stripe_customer_id"?: string | null;
          "stripe_product_id"?: string | null;
          "stripe_subscription_id"?: string | null;
          "subscription_plan"?: string;
          "subscription_quota"?: number | null;
          "subscription_usage"?: number;
          "tokens"?: number;
          "tokens_expires_at"?: string | null;
          "updated_at"?: string;
          "user_name"?: string | null;
        };
        Update: {
          "auth_id"?: string | null;
          "auth_provider"?: string;
          "avatar_url"?: string | null;
          "created_at"?: string;
          "deleted_at"?: string | null;
          "email"?: string | null;
          "email_confirmed"?: boolean;
          "entitlement_due_at"?: string | null;
          "granted_plan"?: string | null;
          "granted_plan_ends_at"?: string | null;
          "id"?: string;
          "is_active"?: boolean;
          "is_anonymous"?: boolean;
          "is_deleted"?: boolean;
          "membership_status"?: Database["public"]["Enums"]["membership_status"];
          "organization_id"?: string | null;
          "organization_joined_at"?: string | null;
          "organization_name"?: string | null;
          "organization_role"?: string | null;
          "plan_source"?: string;
          "quota_last_reset"?: string;
          "role"?: Database["public"]["Enums"]["user_role"];
          "stripe_customer_id"?: string | null;
          "stripe_product_id"?: string | null;
          "stripe_subscription_id"?: string | null;
          "subscription_plan"?: string;
          "subscription_quota"?: number | null;
          "subscription_usage"?: number;
          "tokens"?: number;
          "tokens_expires_at"?: string | null;
          "updated_at"?: string;
          "user_name"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "profiles_granted_plan_fkey";
            columns: ["granted_plan"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["slug"];
          },
          {
            foreignKeyName: "profiles_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "profiles_subscription_plan_fkey";
            columns: ["subscription_plan"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["slug"];
          },
        ];
      };
      "stripe_customers": {
        Row: {
          "created_at": string | null;
          "currency": string | null;
          "email": string | null;
          "id": string;
          "is_deleted": boolean;
          "is_delinquent": boolean;
          "metadata": NonNullable<Json>;
          "name": string | null;
          "organization_id": string | null;
          "synced_at": string | null;
          "ticket": number;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string | null;
          "currency"?: string | null;
          "email"?: string | null;
          "id": string;
          "is_deleted"?: boolean;
          "is_delinquent"?: boolean;
          "metadata"?: NonNullable<Json>;
          "name"?: string | null;
          "organization_id"?: string | null;
          "synced_at"?: string | null;
          "ticket"?: number;
          "user_id"?: string | null;
        };
        Update: {
          "created_at"?: string | null;
          "currency"?: string | null;
          "email"?: string | null;
          "id"?: string;
          "is_deleted"?: boolean;
          "is_delinquent"?: boolean;
          "metadata"?: NonNullable<Json>;
          "name"?: string | null;
          "organization_id"?: string | null;
          "synced_at"?: string | null;
          "ticket"?: number;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "stripe_customers_organization_id_fkey";
            columns: ["organization_id"];
            isOneToOne: false;
            referencedRelation: "organizations";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "stripe_customers_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "stripe_events": {
        Row: {
          "api_version": string | null;
          "attempts": number;
          "created_at": string;
          "due_at": string | null;
          "error": string | null;
          "id": string;
          "livemode": boolean;
          "payer": string | null;
          "processed_at": string | null;
          "received_at": string;
          "status": string;
          "targets": Json | null;
          "type": string;
        };
        ComputedFields: never;
        Insert: {
          "api_version"?: string | null;
          "attempts"?: number;
          "created_at": string;
          "due_at"?: string | null;
          "error"?: string | null;
          "id": string;
          "livemode": boolean;
          "payer"?: string | null;
          "processed_at"?: string | null;
          "received_at"?: string;
          "status": string;
          "targets"?: Json | null;
          "type": string;
        };
        Update: {
          "api_version"?: string | null;
          "attempts"?: number;
          "created_at"?: string;
          "due_at"?: string | null;
          "error"?: string | null;
          "id"?: string;
          "livemode"?: boolean;
          "payer"?: string | null;
          "processed_at"?: string | null;
          "received_at"?: string;
          "status"?: string;
          "targets"?: Json | null;
          "type"?: string;
        };
        Relationships: [];
      };
      "stripe_prices": {
        Row: {
          "created_at": string | null;
          "currency": string | null;
          "id": string;
          "is_active": boolean;
          "is_deleted": boolean;
          "lookup_key": string | null;
          "metadata": NonNullable<Json>;
          "nickname": string | null;
          "product_id": string;
          "recurring_interval": string | null;
          "recurring_interval_count": number | null;
          "ticket": number;
          "trial_days": number | null;
          "type": string | null;
          "unit_amount": number | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string | null;
          "currency"?: string | null;
          "id": string;
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "lookup_key"?: string | null;
          "metadata"?: NonNullable<Json>;
          "nickname"?: string | null;
          "product_id": string;
          "recurring_interval"?: string | null;
          "recurring_interval_count"?: number | null;
          "ticket"?: number;
          "trial_days"?: never;
          "type"?: string | null;
          "unit_amount"?: number | null;
        };
        Update: {
          "created_at"?: string | null;
          "currency"?: string | null;
          "id"?: string;
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "lookup_key"?: string | null;
          "metadata"?: NonNullable<Json>;
          "nickname"?: string | null;
          "product_id"?: string;
          "recurring_interval"?: string | null;
          "recurring_interval_count"?: number | null;
          "ticket"?: number;
          "trial_days"?: never;
          "type"?: string | null;
          "unit_amount"?: number | null;
        };
        Relationships: [
          {
            foreignKeyName: "stripe_prices_product_id_fkey";
            columns: ["product_id"];
            isOneToOne: false;
            referencedRelation: "stripe_products";
            referencedColumns: ["id"];
          },
        ];
      };
      "stripe_products": {
        Row: {
          "created_at": string | null;
          "default_price_id": string | null;
          "description": string | null;
          "id": string;
          "images": (string)[];
          "is_active": boolean;
          "is_deleted": boolean;
          "metadata": NonNullable<Json>;
          "name": string;
          "plan": string | null;
          "ticket": number;
          "tokens": number | null;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string | null;
          "default_price_id"?: string | null;
          "description"?: string | null;
          "id": string;
          "images"?: (string)[];
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "metadata"?: NonNullable<Json>;
          "name"?: string;
          "plan"?: never;
          "ticket"?: number;
          "tokens"?: never;
        };
        Update: {
          "created_at"?: string | null;
          "default_price_id"?: string | null;
          "description"?: string | null;
          "id"?: string;
          "images"?: (string)[];
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "metadata"?: NonNullable<Json>;
          "name"?: string;
          "plan"?: never;
          "ticket"?: number;
          "tokens"?: never;
        };
        Relationships: [];
      };
      "subscription_items": {
        Row: {
          "created_at": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "id": string;
          "quantity": number | null;
          "stripe_price_id": string;
          "stripe_product_id": string;
          "subscription_id": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "id": string;
          "quantity"?: number | null;
          "stripe_price_id": string;
          "stripe_product_id": string;
          "subscription_id": string;
        };
        Update: {
          "created_at"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "id"?: string;
          "quantity"?: number | null;
          "stripe_price_id"?: string;
          "stripe_product_id"?: string;
          "subscription_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "subscription_items_stripe_price_id_fkey";
            columns: ["stripe_price_id"];
            isOneToOne: false;
            referencedRelation: "stripe_prices";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscription_items_subscription_id_fkey";
            columns: ["subscription_id"];
            isOneToOne: false;
            referencedRelation: "subscriptions";
            referencedColumns: ["id"];
          },
        ];
      };
      "subscriptions": {
        Row: {
          "amount": number | null;
          "auto_renew": boolean;
          "cancel_at": string | null;
          "cancel_at_period_end": boolean;
          "canceled_at": string | null;
          "cancellation_comment": string | null;
          "cancellation_reason": string | null;
          "checkout_id": string | null;
          "created_at": string;
          "currency": string;
          "current_period_end": string | null;
          "current_period_start": string | null;
          "custom_field_data": Json | null;
          "discount_id": string | null;
          "ended_at": string | null;
          "ends_at": string | null;
          "id": string;
          "metadata": NonNullable<Json>;
          "paid_until": string | null;
          "past_due_at": string | null;
          "pause_collection": Json | null;
          "quantity": number | null;
          "recurring_interval": string | null;
          "recurring_interval_count": number | null;
          "started_at": string | null;
          "status": Database["public"]["Enums"]["subscription_status"];
          "stripe_customer_id": string;
          "stripe_price_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string;
          "ticket": number;
          "trial_end": string | null;
          "trial_start": string | null;
          "updated_at": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "amount"?: number | null;
          "auto_renew"?: never;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "cancellation_comment"?: string | null;
          "cancellation_reason"?: string | null;
          "checkout_id"?: string | null;
          "created_at": string;
          "currency": string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "custom_field_data"?: Json | null;
          "discount_id"?: string | null;
          "ended_at"?: string | null;
          "ends_at"?: string | null;
          "id"?: string;
          "metadata"?: NonNullable<Json>;
          "paid_until"?: string | null;
          "past_due_at"?: string | null;
          "pause_collection"?: Json | null;
          "quantity"?: number | null;
          "recurring_interval"?: string | null;
          "recurring_interval_count"?: number | null;
          "started_at"?: string | null;
          "status": Database["public"]["Enums"]["subscription_status"];
          "stripe_customer_id": string;
          "stripe_price_id"?: string | null;
          "stripe_product_id"?: string | null;
          "stripe_subscription_id": string;
          "ticket"?: number;
          "trial_end"?: string | null;
          "trial_start"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "amount"?: number | null;
          "auto_renew"?: never;
          "cancel_at"?: string | null;
          "cancel_at_period_end"?: boolean;
          "canceled_at"?: string | null;
          "cancellation_comment"?: string | null;
          "cancellation_reason"?: string | null;
          "checkout_id"?: string | null;
          "created_at"?: string;
          "currency"?: string;
          "current_period_end"?: string | null;
          "current_period_start"?: string | null;
          "custom_field_data"?: Json | null;
          "discount_id"?: string | null;
          "ended_at"?: string | null;
          "ends_at"?: string | null;
          "id"?: string;
          "metadata"?: NonNullable<Json>;
          "paid_until"?: string | null;
          "past_due_at"?: string | null;
          "pause_collection"?: Json | null;
          "quantity"?: number | null;
          "recurring_interval"?: string | null;
          "recurring_interval_count"?: number | null;
          "started_at"?: string | null;
          "status"?: Database["public"]["Enums"]["subscription_status"];
          "stripe_customer_id"?: string;
          "stripe_price_id"?: string | null;
          "stripe_product_id"?: string | null;
          "stripe_subscription_id"?: string;
          "ticket"?: number;
          "trial_end"?: string | null;
          "trial_start"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "subscriptions_stripe_customer_id_fkey";
            columns: ["stripe_customer_id"];
            isOneToOne: false;
            referencedRelation: "stripe_customers";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_stripe_price_id_fkey";
            columns: ["stripe_price_id"];
            isOneToOne: false;
            referencedRelation: "stripe_prices";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_stripe_product_id_fkey";
            columns: ["stripe_product_id"];
            isOneToOne: false;
            referencedRelation: "stripe_products";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "subscriptions_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "sync_logs": {
        Row: {
          "client_ip": unknown;
          "created_at": string;
          "data": NonNullable<Json>;
          "error_message": string | null;
          "event_source": string;
          "event_type": string;
          "id": string;
          "success": boolean;
          "user_agent": string | null;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "client_ip"?: unknown;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "error_message"?: string | null;
          "event_source": string;
          "event_type": string;
          "id"?: string;
          "success": boolean;
          "user_agent"?: string | null;
          "user_id"?: string | null;
        };
        Update: {
          "client_ip"?: unknown;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "error_message"?: string | null;
          "event_source"?: string;
          "event_type"?: string;
          "id"?: string;
          "success"?: boolean;
          "user_agent"?: string | null;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "sync_logs_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "tool_calls": {
        Row: {
          "arguments": Json | null;
          "attempts": number;
          "call_id": string;
          "created_at": string;
          "decided_at": string | null;
          "error": string | null;
          "finished_at": string | null;
          "id": string;
          "kind": string;
          "output": Json | null;
          "position": number;
          "reason": string | null;
          "session_id": string;
          "started_at": string | null;
          "status": string;
          "step": number;
          "tool_slug": string;
          "turn_id": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "arguments"?: Json | null;
          "attempts"?: number;
          "call_id": string;
          "created_at"?: string;
          "decided_at"?: string | null;
          "error"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "kind"?: string;
          "output"?: Json | null;
          "position"?: number;
          "reason"?: string | null;
          "session_id": string;
          "started_at"?: string | null;
          "status"?: string;
          "step"?: number;
          "tool_slug": string;
          "turn_id": string;
          "user_id": string;
        };
        Update: {
          "arguments"?: Json | null;
          "attempts"?: number;
          "call_id"?: string;
          "created_at"?: string;
          "decided_at"?: string | null;
          "error"?: string | null;
          "finished_at"?: string | null;
          "id"?: string;
          "kind"?: string;
          "output"?: Json | null;
          "position"?: number;
          "reason"?: string | null;
          "session_id"?: string;
          "started_at"?: string | null;
          "status"?: string;
          "step"?: number;
          "tool_slug"?: string;
          "turn_id"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "tool_calls_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "tool_calls_turn_id_fkey";
            columns: ["turn_id"];
            isOneToOne: false;
            referencedRelation: "chat_turns";
            referencedColumns: ["id"];
          },
        ];
      };
      "tool_prices": {
        Row: {
          "price": number;
          "tool": string;
          "unit": string;
        };
        ComputedFields: never;
        Insert: {
          "price": number;
          "tool": string;
          "unit": string;
        };
        Update: {
          "price"?: number;
          "tool"?: string;
          "unit"?: string;
        };
        Relationships: [];
      };
      "tools": {
        Row: {
          "created_at": string;
          "description": string;
          "is_active": boolean;
          "is_strict": boolean;
          "kind": string;
          "max_calls": number;
          "needs_approval": boolean;
          "parameters": Json | null;
          "required_plan": string | null;
          "slug": string;
          "timeout_ms": number;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description"?: string;
          "is_active"?: boolean;
          "is_strict"?: boolean;
          "kind": string;
          "max_calls"?: number;
          "needs_approval"?: boolean;
          "parameters"?: Json | null;
          "required_plan"?: string | null;
          "slug": string;
          "timeout_ms"?: number;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "is_active"?: boolean;
          "is_strict"?: boolean;
          "kind"?: string;
          "max_calls"?: number;
          "needs_approval"?: boolean;
          "parameters"?: Json | null;
          "required_plan"?: string | null;
          "slug"?: string;
          "timeout_ms"?: number;
          "updated_at"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "tools_required_plan_fkey";
            columns: ["required_plan"];
            isOneToOne: false;
            referencedRelation: "plans";
            referencedColumns: ["slug"];
          },
        ];
      };
      "usage_counters": {
        Row: {
          "count": number;
          "feature": string;
          "period_start": string;
          "reset_at": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "count"?: number;
          "feature": string;
          "period_start": string;
          "reset_at": string;
          "user_id": string;
        };
        Update: {
          "count"?: number;
          "feature"?: string;
          "period_start"?: string;
          "reset_at"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "usage_counters_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "usage_metrics": {
        Row: {
          "cached_input_tokens": number;
          "code_runs": number;
          "day": string;
          "feature_type": string;
          "file_searches": number;
          "images": number;
          "input_tokens": number;
          "model": string;
          "output_tokens": number;
          "request_count": number;
          "total_cost": number;
          "total_tokens": number;
          "user_id": string;
          "web_searches": number;
        };
        ComputedFields: never;
        Insert: {
          "cached_input_tokens"?: number;
          "code_runs"?: number;
          "day": string;
          "feature_type": string;
          "file_searches"?: number;
          "images"?: number;
          "input_tokens"?: number;
          "model": string;
          "output_tokens"?: number;
          "request_count"?: number;
          "total_cost"?: number;
          "total_tokens"?: never;
          "user_id": string;
          "web_searches"?: number;
        };
        Update: {
          "cached_input_tokens"?: number;
          "code_runs"?: number;
          "day"?: string;
          "feature_type"?: string;
          "file_searches"?: number;
          "images"?: number;
          "input_tokens"?: number;
          "model"?: string;
          "output_tokens"?: number;
          "request_count"?: number;
          "total_cost"?: number;
          "total_tokens"?: never;
          "user_id"?: string;
          "web_searches"?: number;
        };
        Relationships: [
          {
            foreignKeyName: "usage_metrics_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "user_activity": {
        Row: {
          "action": string;
          "created_at": string;
          "data": NonNullable<Json>;
          "id": string;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "action": string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "id"?: string;
          "user_id": string;
        };
        Update: {
          "action"?: string;
          "created_at"?: string;
          "data"?: NonNullable<Json>;
          "id"?: string;
          "user_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "user_activity_user_id_fkey";
            columns: ["user_id"];
            isOneToOne: false;
            referencedRelation: "profiles";
            referencedColumns: ["id"];
          },
        ];
      };
      "vector_stores": {
        Row: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": string | null;
          "expired_at": string | null;
          "expires_at": string | null;
          "file_count": number;
          "id": string;
          "lease_until": string | null;
          "name": string;
          "openai_metadata": NonNullable<Json>;
          "session_id": string | null;
          "status": string;
          "store_id": string | null;
          "updated_at": string;
          "user_id": string | null;
        };
        ComputedFields: never;
        Insert: {
          "assistant_slug"?: string | null;
          "created_at"?: string;
          "error"?: string | null;
          "expired_at"?: string | null;
          "expires_at"?: string | null;
          "file_count"?: number;
          "id"?: string;
          "lease_until"?: string | null;
          "name": string;
          "openai_metadata"?: NonNullable<Json>;
          "session_id"?: string | null;
          "status"?: string;
          "store_id"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Update: {
          "assistant_slug"?: string | null;
          "created_at"?: string;
          "error"?: string | null;
          "expired_at"?: string | null;
          "expires_at"?: string | null;
          "file_count"?: number;
          "id"?: string;
          "lease_until"?: string | null;
          "name"?: string;
          "openai_metadata"?: NonNullable<Json>;
          "session_id"?: string | null;
          "status"?: string;
          "store_id"?: string | null;
          "updated_at"?: string;
          "user_id"?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: "vector_stores_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
        ];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "abandon_remote": {
        Args: { "kind": string; "remote_id": string; "session_id"?: string };
        Returns: undefined;
      };
      "accept_invitation": {
        Args: { "token": string };
        Returns: {
          "created_at": string;
          "id": string;
          "monthly_budget": number | null;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "organizations";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_add_note": {
        Args: { "is_flagged"?: boolean; "note": string; "user_id": string };
        Returns: {
          "admin_id": string | null;
          "created_at": string;
          "id": string;
          "is_flagged": boolean;
          "note": string;
          "updated_at": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "admin_notes";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_flag_note": {
        Args: { "is_flagged"?: boolean; "note_id": string };
        Returns: {
          "admin_id": string | null;
          "created_at": string;
          "id": string;
          "is_flagged": boolean;
          "note": string;
          "updated_at": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "admin_notes";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_get_user": { Args: { "user_id": string }; Returns: Json };
      "admin_grant_credits": {
        Args: { "amount": number; "expires_at"?: string; "user_id": string };
        Returns: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_grant_plan": {
        Args: { "ends_at"?: string; "plan": string; "user_id": string };
        Returns: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_list_assistant_files": {
        Args: { "assistant_slug": string };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "admin_list_audit": {
        Args: {
          "action"?: string;
          "admin_id"?: string;
          "page"?: number;
          "page_size"?: number;
          "user_id"?: string;
        };
        Returns: Json;
      };
      "admin_list_notes": {
        Args: { "only_flagged"?: boolean; "user_id"?: string };
        Returns: {
          "admin_id": string | null;
          "created_at": string;
          "id": string;
          "is_flagged": boolean;
          "note": string;
          "updated_at": string;
          "user_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "admin_notes";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "admin_list_users": {
        Args: {
          "direction"?: string;
          "page"?: number;
          "page_size"?: number;
          "plan"?: string;
          "role"?: Database["public"]["Enums"]["user_role"];
          "search"?: string;
          "sort"?: string;
        };
        Returns: Json;
      };
      "admin_set_active": {
        Args: { "is_active": boolean; "user_id": string };
        Returns: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "admin_set_role": {
        Args: { "role": Database["public"]["Enums"]["user_role"]; "user_id": string };
        Returns: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "apply_stripe_events": {
        Args: { "event_ids": (string)[]; "objects": Json; "ticket": number };
        Returns: undefined;
      };
      "apply_stripe_objects": {
        Args: { "event_id": string; "objects": Json; "ticket": number };
        Returns: undefined;
      };
      "book_lost_turn": {
        Args: {
          "cache_write_tokens"?: number;
          "cached_input_tokens": number;
          "input_tokens": number;
          "model": string;
          "output_tokens": number;
          "tools"?: Json;
          "turn_id": string;
        };
        Returns: undefined;
      };
      "claim_due_lookouts": {
        Args: { "max_count": number };
        Returns: {
          "cron_schedule": string;
          "frequency": string;
          "lookout_id": string;
          "run_id": string;
          "scheduled_at": string;
          "timezone": string;
        }[];
      };
      "claim_file": {
        Args: { "file_id": string };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "claim_remote_deletions": {
        Args: { "max_count": number; "provider": string };
        Returns: {
          "attempts": number;
          "due_at": string;
          "id": number;
          "kind": string;
          "remote_id": string;
        }[];
      };
      "claim_stale_files": {
        Args: { "max_count": number };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "claim_stale_turns": {
        Args: { "max_count": number };
        Returns: {
          "assistant_message_id": string;
          "created_at": string;
          "finished_at": string | null;
          "first_part": number;
          "id": string;
          "progressed_at": string;
          "replaces_message_id": string | null;
          "reservation": Json | null;
          "response_id": string | null;
          "search": boolean;
          "session_id": string;
          "status": string;
          "step_started_at": string;
          "steps": number;
          "stop_requested_at": string | null;
          "user_id": string;
          "user_message_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_turns";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "claim_stores_to_check": { Args: { "max_count": number }; Returns: string[] };
      "claim_stripe_events": { Args: { "max_payers": number }; Returns: Json };
      "claim_vector_store": {
        Args: { "assistant_slug"?: string; "session_id"?: string };
        Returns: Json;
      };
      "continue_account_deletion": { Args: { "profile_id": string }; Returns: boolean };
      "continue_turn": {
        Args: {
          "answers": Json;
          "auth_user_id": string;
          "message_id": string;
          "session_id": string;
        };
        Returns: Json;
      };
      "create_file": {
        Args: {
          "assistant_slug"?: string;
          "auth_user_id": string;
          "file_id": string;
          "file_name": string;
          "file_type": string;
          "is_stored"?: boolean;
          "message_id"?: string;
          "session_id"?: string;
          "storage_path": string;
          "uploaded_as"?: string;
        };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_lookout": {
        Args: {
          "assistant_slug": string;
          "auth_user_id": string;
          "cron_schedule": string;
          "frequency": string;
          "next_run_at": string;
          "prompt": string;
          "timezone": string;
          "title": string;
        };
        Returns: {
          "assistant_slug": string;
          "created_at": string;
          "cron_schedule": string;
          "frequency": string;
          "id": string;
          "last_run_at": string | null;
          "last_run_session_id": string | null;
          "lease_until": string | null;
          "next_run_at": string | null;
          "prompt": string;
          "status": string;
          "timezone": string;
          "title": string;
          "updated_at": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lookouts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_made_file": {
        Args: {
          "file_id": string;
          "file_name": string;
          "file_size"?: number;
          "file_type": string;
          "storage_path": string;
          "turn_id": string;
        };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "create_organization": {
        Args: { "name": string };
        Returns: {
          "created_at": string;
          "id": string;
          "monthly_budget": number | null;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "organizations";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "defer_lookout_run": { Args: { "run_id": string; "until": string }; Returns: boolean };
      "delay_file": {
        Args: { "claimed_until": string; "error"?: Json; "file_id": string; "seconds": number };
        Returns: undefined;
      };
      "delete_file": { Args: { "auth_user_id": string; "file_id": string }; Returns: string };
      "delete_lookout": { Args: { "auth_user_id": string; "lookout_id": string }; Returns: string };
      "delete_organization": { Args: Record<PropertyKey, never>; Returns: undefined };
      "describe_step": { Args: { "turn_id": string }; Returns: Json };
      "draw_stripe_ticket": { Args: Record<PropertyKey, never>; Returns: number };
      "drop_stripe_event": { Args: { "error": string; "event_id": string }; Returns: undefined };
      "end_http_tool": {
        Args: { "error"?: string; "is_claimed": boolean; "output"?: Json; "tool_call_id": string };
        Returns: {
          "arguments": Json | null;
          "attempts": number;
          "call_id": string;
          "created_at": string;
          "decided_at": string | null;
          "error": string | null;
          "finished_at": string | null;
          "id": string;
          "kind": string;
          "output": Json | null;
          "position": number;
          "reason": string | null;
          "session_id": string;
          "started_at": string | null;
          "status": string;
          "step": number;
          "tool_slug": string;
          "turn_id": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tool_calls";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "enqueue_stray_objects": { Args: { "max_count": number }; Returns: number };
      "ensure_profile": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "auth_id": string | null;
          "auth_provider": string;
          "avatar_url": string | null;
          "created_at": string;
          "deleted_at": string | null;
          "email": string | null;
          "email_confirmed": boolean;
          "entitlement_due_at": string | null;
          "granted_plan": string | null;
          "granted_plan_ends_at": string | null;
          "id": string;
          "is_active": boolean;
          "is_anonymous": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_joined_at": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
          "plan_source": string;
          "quota_last_reset": string;
          "role": Database["public"]["Enums"]["user_role"];
          "stripe_customer_id": string | null;
          "stripe_product_id": string | null;
          "stripe_subscription_id": string | null;
          "subscription_plan": string;
          "subscription_quota": number | null;
          "subscription_usage": number;
          "tokens": number;
          "tokens_expires_at": string | null;
          "updated_at": string;
          "user_name": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "profiles";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "expire_due_stores": { Args: { "max_count": number }; Returns: number };
      "expire_vector_store": { Args: { "store_id": string }; Returns: undefined };
      "export_account": { Args: { "after"?: (string)[]; "section": string }; Returns: Json };
      "fail_file": { Args: { "error": Json; "file_id": string }; Returns: undefined };
      "fail_stripe_event": { Args: { "error": string; "event_id": string }; Returns: undefined };
      "fail_turn": { Args: { "reply": Json; "turn_id": string }; Returns: Json };
      "fail_vector_store": {
        Args: {
          "claimed_id": string;
          "claimed_until": string;
          "error": string;
          "retry_after"?: number;
        };
        Returns: undefined;
      };
      "find_abandoned_stores": {
        Args: { "max_count": number };
        Returns: {
          "assistant_slug": string;
          "session_id": string;
        }[];
      };
      "find_unknown": { Args: { "kind": string; "remote_ids": (string)[] }; Returns: string[] };
      "finish_call": { Args: { "call_id": number; "has_worked": boolean }; Returns: undefined };
      "get_billing_account": {
        Args: { "auth_user_id": string; "is_buying": boolean };
        Returns: Json;
      };
      "get_my_usage": { Args: Record<PropertyKey, never>; Returns: Json };
      "get_organization_billing": { Args: { "auth_user_id": string }; Returns: Json };
      "get_shared_chat": { Args: { "token": string }; Returns: Json };
      "get_user_activity_summary": {
        Args: { "user_id"?: string };
        Returns: {
          "actions_this_week": number;
          "last_activity": string;
          "most_common_action": string;
          "total_actions": number;
        }[];
      };
      "get_user_stats": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "active_users_today": number;
          "new_users_this_week": number;
          "total_usage_metrics": number;
          "total_users": number;
        }[];
      };
      "invite_member": {
        Args: { "email": string; "role"?: string };
        Returns: {
          "expires_at": string;
          "invitation_id": string;
          "token": string;
        }[];
      };
      "issue_bridge_token": {
        Args: { "client_ip"?: string; "session_data"?: Json; "user_agent"?: string };
        Returns: {
          "code": string;
          "expires_at": string;
        }[];
      };
      "join_turn": {
        Args: { "auth_user_id": string; "message_id"?: string; "session_id": string };
        Returns: {
          "assistant_message_id": string;
          "created_at": string;
          "finished_at": string | null;
          "first_part": number;
          "id": string;
          "progressed_at": string;
          "replaces_message_id": string | null;
          "reservation": Json | null;
          "response_id": string | null;
          "search": boolean;
          "session_id": string;
          "status": string;
          "step_started_at": string;
          "steps": number;
          "stop_requested_at": string | null;
          "user_id": string;
          "user_message_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_turns";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "leave_organization": { Args: Record<PropertyKey, never>; Returns: undefined };
      "link_organization_customer": {
        Args: { "customer_id": string; "organization_id": string };
        Returns: string;
      };
      "link_stripe_customer": {
        Args: { "customer_id": string; "profile_id": string };
        Returns: string;
      };
      "list_invitations": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "created_at": string;
          "email": string;
          "expires_at": string;
          "invitation_id": string;
          "invited_by": string;
          "is_void": boolean;
          "role": string;
        }[];
      };
      "list_members": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "avatar_url": string;
          "email": string;
          "joined_at": string;
          "profile_id": string;
          "role": string;
          "user_name": string;
        }[];
      };
      "list_tool_calls": { Args: { "turn_id": string }; Returns: Json };
      "list_turn_files": { Args: { "session_id": string }; Returns: Json };
      "listed_prices": {
        Args: Record<PropertyKey, never>;
        Returns: {
          "created_at": string | null;
          "currency": string | null;
          "id": string;
          "is_active": boolean;
          "is_deleted": boolean;
          "lookup_key": string | null;
          "metadata": NonNullable<Json>;
          "nickname": string | null;
          "product_id": string;
          "recurring_interval": string | null;
          "recurring_interval_count": number | null;
          "ticket": number;
          "trial_days": number | null;
          "type": string | null;
          "unit_amount": number | null;
        }[];
        SetofOptions: {
          from: "*";
          to: "stripe_prices";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      "log_activity": { Args: { "action": string; "data"?: Json }; Returns: undefined };
      "log_bridge_failure": {
        Args: {
          "auth_user_id": string;
          "client_ip": string;
          "refusal": string;
          "user_agent": string;
        };
        Returns: undefined;
      };
      "move_cursor": {
        Args: { "cursor_name": string; "new_position"?: string };
        Returns: undefined;
      };
      "note_turn": { Args: { "part": Json; "turn_id": string }; Returns: undefined };
      "open_upload": {
        Args: {
          "assistant_slug"?: string;
          "auth_user_id": string;
          "session_id"?: string;
          "storage_path"?: string;
        };
        Returns: Json;
      };
      "organization_usage": {
        Args: { "month"?: string };
        Returns: {
          "input_tokens": number;
          "output_tokens": number;
          "plan": string;
          "plan_source": string;
          "profile_id": string;
          "request_count": number;
          "role": string;
          "total_cost": number;
          "user_name": string;
        }[];
      };
      "read_cursor": { Args: { "cursor_name": string }; Returns: string };
      "rebuild_conversation": { Args: { "turn_id": string }; Returns: Json };
      "record_stripe_events": { Args: { "events": Json }; Returns: Json };
      "redeem_bridge_token": {
        Args: { "client_ip"?: string; "code": string; "user_agent"?: string };
        Returns: {
          "auth_user_id": string;
          "email": string;
          "refusal": string;
          "session_data": Json;
        }[];
      };
      "reindex_file": { Args: { "error"?: Json; "file_id": string }; Returns: undefined };
      "release": { Args: Record<PropertyKey, never>; Returns: string };
      "release_expired_stores": { Args: { "max_count": number }; Returns: number };
      "remove_member": { Args: { "member_id": string }; Returns: undefined };
      "rename_organization": {
        Args: { "name": string };
        Returns: {
          "created_at": string;
          "id": string;
          "monthly_budget": number | null;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "organizations";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "replace_reply": { Args: { "turn_id": string }; Returns: undefined };
      "report_progress": {
        Args: { "turn_ids": (string)[] };
        Returns: {
          "is_stop_requested": boolean;
          "turn_id": string;
        }[];
      };
      "report_stripe_problem": { Args: { "cause": string; "fix": string }; Returns: undefined };
      "request_account_deletion": { Args: Record<PropertyKey, never>; Returns: Json };
      "request_stop": { Args: { "auth_user_id": string; "session_id": string }; Returns: Json };
      "resend_invitation": {
        Args: { "invitation_id": string };
        Returns: {
          "expires_at": string;
          "token": string;
        }[];
      };
      "retry_file": {
        Args: { "auth_user_id": string; "file_id": string };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "revoke_invitation": { Args: { "invitation_id": string }; Returns: undefined };
      "run_function_tool": {
        Args: { "tool_call_id": string };
        Returns: {
          "arguments": Json | null;
          "attempts": number;
          "call_id": string;
          "created_at": string;
          "decided_at": string | null;
          "error": string | null;
          "finished_at": string | null;
          "id": string;
          "kind": string;
          "output": Json | null;
          "position": number;
          "reason": string | null;
          "session_id": string;
          "started_at": string | null;
          "status": string;
          "step": number;
          "tool_slug": string;
          "turn_id": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "tool_calls";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "run_lookout_now": {
        Args: { "auth_user_id": string; "lookout_id": string };
        Returns: {
          "attempts": number;
          "error": Json | null;
          "finished_at": string | null;
          "id": string;
          "lookout_id": string;
          "next_run_at": string | null;
          "scheduled_at": string;
          "session_id": string | null;
          "started_at": string;
          "status": string;
          "turn_started_at": string | null;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lookout_runs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "save_turn_ids": {
        Args: { "response_id"?: string; "thread_id"?: string; "turn_id": string };
        Returns: Json;
      };
      "schema_version": { Args: Record<PropertyKey, never>; Returns: string };
      "set_chat_visibility": {
        Args: { "session_id": string; "visibility": string };
        Returns: string;
      };
      "set_generated_title": {
        Args: {
          "cache_write_tokens"?: number;
          "cached_input_tokens": number;
          "input_tokens": number;
          "model": string;
          "output_tokens": number;
          "profile_id": string;
          "session_id": string;
          "title": string;
        };
        Returns: undefined;
      };
      "set_member_role": { Args: { "member_id": string; "role": string }; Returns: undefined };
      "set_openai_file": {
        Args: { "file_id": string; "openai_file_id": string };
        Returns: boolean;
      };
      "set_organization_budget": {
        Args: { "monthly_budget": number };
        Returns: {
          "created_at": string;
          "id": string;
          "monthly_budget": number | null;
          "name": string;
          "updated_at": string;
        };
        SetofOptions: {
          from: "*";
          to: "organizations";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "settle_file": {
        Args: { "file_id": string; "vector_store_id"?: string };
        Returns: undefined;
      };
      "settle_lookout_run": {
        Args: { "next_run_at"?: string; "outcome"?: Json; "run_id": string };
        Returns: {
          "attempts": number;
          "error": Json | null;
          "finished_at": string | null;
          "id": string;
          "lookout_id": string;
          "next_run_at": string | null;
          "scheduled_at": string;
          "session_id": string | null;
          "started_at": string;
          "status": string;
          "turn_started_at": string | null;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lookout_runs";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "settle_remote_deletions": {
        Args: { "claimed_until": string; "outcomes": Json };
        Returns: undefined;
      };
      "settle_turn": {
        Args: { "reply": Json; "status": string; "turn_id": string };
        Returns: Json;
      };
      "settle_vector_store": {
        Args: {
          "claimed_id": string;
          "claimed_until": string;
          "expires_at": string;
          "file_ids": (string)[];
          "openai_metadata": Json;
          "store_id": string;
        };
        Returns: boolean;
      };
      "start_http_tool": { Args: { "tool_call_id": string }; Returns: Json };
      "start_lookout_run": { Args: { "next_run_at"?: string; "run_id": string }; Returns: Json };
      "start_turn": {
        Args: {
          "auth_user_id": string;
          "client_id"?: string;
          "content"?: string;
          "file_ids"?: (string)[];
          "parts"?: Json;
          "regenerate"?: boolean;
          "search"?: boolean;
          "session_id": string;
          "target_id"?: string;
        };
        Returns: Json;
      };
      "store_file": {
        Args: { "file_id": string; "file_size": number; "sha256": string };
        Returns: {
          "assistant_slug": string | null;
          "created_at": string;
          "error": Json | null;
          "file_name": string;
          "file_size": number | null;
          "file_type": string;
          "id": string;
          "indexing_since": string;
          "message_id": string | null;
          "openai_file_id": string | null;
          "origin": string;
          "retry_at": string | null;
          "session_id": string | null;
          "sha256": string | null;
          "status": string;
          "storage_path": string;
          "updated_at": string;
          "uploaded_as": string | null;
          "user_id": string | null;
          "vector_store_id": string | null;
        };
        SetofOptions: {
          from: "*";
          to: "chat_files";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      "store_step": {
        Args: { "calls": Json; "reply": Json; "step": number; "turn_id": string };
        Returns: Json;
      };
      "touch_vector_store": {
        Args: { "expires_at": string; "store_id": string };
        Returns: undefined;
      };
      "transfer_ownership": { Args: { "member_id": string }; Returns: undefined };
      "update_lookout": {
        Args: { "auth_user_id": string; "changes": Json; "lookout_id": string; "seen": Json };
        Returns: {
          "assistant_slug": string;
          "created_at": string;
          "cron_schedule": string;
          "frequency": string;
          "id": string;
          "last_run_at": string | null;
          "last_run_session_id": string | null;
          "lease_until": string | null;
          "next_run_at": string | null;
          "prompt": string;
          "status": string;
          "timezone": string;
          "title": string;
          "updated_at": string;
          "user_id": string;
        };
        SetofOptions: {
          from: "*";
          to: "lookouts";
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
    };
    Enums: {
      "membership_status": "active" | "inactive" | "canceled" | "past_due";
      "subscription_status":
        | "incomplete"
        | "incomplete_expired"
        | "trialing"
        | "active"
        | "past_due"
        | "canceled"
        | "unpaid"
        | "paused";
      "user_role": "user" | "premium" | "admin" | "banned";
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, "__InternalSupabase">;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof (
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
      & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
    )
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals } ? (
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    & DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"]
  )[TableName] extends {
    Row: infer R;
  } ? R
  : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R;
    } ? R
    : never
  : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Insert: infer I;
    } ? I
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I;
    } ? I
    : never
  : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends
    {
      Update: infer U;
    } ? U
  : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
    ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U;
    } ? U
    : never
  : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  } ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][
    CompositeTypeName
  ]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never;

export const Constants = {
  "public": {
    Enums: {
      "membership_status": ["active", "inactive", "canceled", "past_due"],
      "subscription_status": [
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "canceled",
        "unpaid",
        "paused",
      ],
      "user_role": ["user", "premium", "admin", "banned"],
    },
  },
} as const;
