// Generated from the database by `npm run db:types`; do not edit.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  "public": {
    Tables: {
      "assistants": {
        Row: {
          "created_at": string;
          "description": string;
          "is_active": boolean;
          "model": string;
          "name": string;
          "reasoning_effort": string | null;
          "required_plan": string | null;
          "slug": string;
          "sort_order": number;
          "starters": (string)[];
          "temperature": number | null;
          "tools": NonNullable<Json>;
          "updated_at": string;
        };
        ComputedFields: never;
        Insert: {
          "created_at"?: string;
          "description": string;
          "is_active"?: boolean;
          "model": string;
          "name": string;
          "reasoning_effort"?: string | null;
          "required_plan"?: string | null;
          "slug": string;
          "sort_order"?: number;
          "starters"?: (string)[];
          "temperature"?: number | null;
          "tools"?: NonNullable<Json>;
          "updated_at"?: string;
        };
        Update: {
          "created_at"?: string;
          "description"?: string;
          "is_active"?: boolean;
          "model"?: string;
          "name"?: string;
          "reasoning_effort"?: string | null;
          "required_plan"?: string | null;
          "slug"?: string;
          "sort_order"?: number;
          "starters"?: (string)[];
          "temperature"?: number | null;
          "tools"?: NonNullable<Json>;
          "updated_at"?: string;
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
      "chat_streams": {
        Row: {
          "assistant_message_id": string;
          "created_at": string;
          "finished_at": string | null;
          "heartbeat_at": string;
          "id": string;
          "replaces_message_id": string | null;
          "reservation": Json | null;
          "response_id": string | null;
          "session_id": string;
          "status": string;
          "stop_requested_at": string | null;
          "user_id": string;
          "user_message_id": string;
        };
        ComputedFields: never;
        Insert: {
          "assistant_message_id": string;
          "created_at"?: string;
          "finished_at"?: string | null;
          "heartbeat_at"?: string;
          "id"?: string;
          "replaces_message_id"?: string | null;
          "reservation"?: Json | null;
          "response_id"?: string | null;
          "session_id": string;
          "status"?: string;
          "stop_requested_at"?: string | null;
          "user_id": string;
          "user_message_id": string;
        };
        Update: {
          "assistant_message_id"?: string;
          "created_at"?: string;
          "finished_at"?: string | null;
          "heartbeat_at"?: string;
          "id"?: string;
          "replaces_message_id"?: string | null;
          "reservation"?: Json | null;
          "response_id"?: string | null;
          "session_id"?: string;
          "status"?: string;
          "stop_requested_at"?: string | null;
          "user_id"?: string;
          "user_message_id"?: string;
        };
        Relationships: [
          {
            foreignKeyName: "chat_streams_assistant_message_id_fkey";
            columns: ["assistant_message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chat_streams_replaces_message_id_fkey";
            columns: ["replaces_message_id"];
            isOneToOne: false;
            referencedRelation: "chat_messages";
            referencedColumns: ["id"];
          },
          {
            foreignKeyName: "chat_streams_session_id_user_id_fkey";
            columns: ["session_id", "user_id"];
            isOneToOne: false;
            referencedRelation: "chat_sessions";
            referencedColumns: ["id", "user_id"];
          },
          {
            foreignKeyName: "chat_streams_user_message_id_fkey";
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
      "model_prices": {
        Row: {
          "cached_input_price": number;
          "input_price": number;
          "model": string;
          "output_price": number;
        };
        ComputedFields: never;
        Insert: {
          "cached_input_price": number;
          "input_price": number;
          "model": string;
          "output_price": number;
        };
        Update: {
          "cached_input_price"?: number;
          "input_price"?: number;
          "model"?: string;
          "output_price"?: number;
        };
        Relationships: [];
      };
      "plans": {
        Row: {
          "daily_messages": number | null;
          "max_file_bytes": number | null;
          "max_lookouts": number | null;
          "max_session_files": number | null;
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
          "max_file_bytes"?: number | null;
          "max_lookouts"?: number | null;
          "max_session_files"?: number | null;
          "monthly_messages"?: number | null;
          "monthly_searches"?: number | null;
          "name": string;
          "rank": number;
          "slug": string;
          "turns_per_minute"?: number | null;
        };
        Update: {
          "daily_messages"?: number | null;
          "max_file_bytes"?: number | null;
          "max_lookouts"?: number | null;
          "max_session_files"?: number | null;
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
          "id": string;
          "is_active": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
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
          "id"?: string;
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "membership_status"?: Database["public"]["Enums"]["membership_status"];
          "organization_id"?: string | null;
          "organization_name"?: string | null;
          "organization_role"?: string | null;
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
          "id"?: string;
          "is_active"?: boolean;
          "is_deleted"?: boolean;
          "membership_status"?: Database["public"]["Enums"]["membership_status"];
          "organization_id"?: string | null;
          "organization_name"?: string | null;
          "organization_role"?: string | null;
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
            foreignKeyName: "profiles_subscription_plan_fkey";
            columns: ["subscription_plan"];
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
          "day": string;
          "feature_type": string;
          "input_tokens": number;
          "model": string;
          "output_tokens": number;
          "request_count": number;
          "total_cost": number;
          "total_tokens": number;
          "user_id": string;
        };
        ComputedFields: never;
        Insert: {
          "cached_input_tokens"?: number;
          "day": string;
          "feature_type": string;
          "input_tokens"?: number;
          "model": string;
          "output_tokens"?: number;
          "request_count"?: number;
          "total_cost"?: number;
          "total_tokens"?: never;
          "user_id": string;
        };
        Update: {
          "cached_input_tokens"?: number;
          "day"?: string;
          "feature_type"?: string;
          "input_tokens"?: number;
          "model"?: string;
          "output_tokens"?: number;
          "request_count"?: number;
          "total_cost"?: number;
          "total_tokens"?: never;
          "user_id"?: string;
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
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      "book_lost_turn": {
        Args: {
          "cached_input_tokens": number;
          "input_tokens": number;
          "model": string;
          "output_tokens": number;
          "profile_id": string;
        };
        Returns: undefined;
      };
      "claim_stale_turns": {
        Args: { "max_count": number };
        Returns: {
          "assistant_message_id": string;
          "created_at": string;
          "finished_at": string | null;
          "heartbeat_at": string;
          "id": string;
          "replaces_message_id": string | null;
          "reservation": Json | null;
          "response_id": string | null;
          "session_id": string;
          "status": string;
          "stop_requested_at": string | null;
          "user_id": string;
          "user_message_id": string;
        }[];
        SetofOptions: {
          from: "*";
          to: "chat_streams";
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
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
          "id": string;
          "is_active": boolean;
          "is_deleted": boolean;
          "membership_status": Database["public"]["Enums"]["membership_status"];
          "organization_id": string | null;
          "organization_name": string | null;
          "organization_role": string | null;
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
      "fail_turn": { Args: { "reply": Json; "stream_id": string }; Returns: Json };
      "finish_turn": {
        Args: { "reply": Json; "status": string; "stream_id": string };
        Returns: Json;
      };
      "get_my_usage": { Args: Record<PropertyKey, never>; Returns: Json };
      "heartbeat_turn": {
        Args: { "response_id"?: string; "stream_id": string; "thread_id"?: string };
        Returns: Json;
      };
      "rebuild_conversation": { Args: { "stream_id": string }; Returns: Json };
      "replace_answer": { Args: { "stream_id": string }; Returns: undefined };
      "request_stop": { Args: { "auth_user_id": string; "session_id": string }; Returns: Json };
      "schema_version": { Args: Record<PropertyKey, never>; Returns: string };
      "set_generated_title": {
        Args: {
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
      "start_turn": {
        Args: {
          "auth_user_id": string;
          "client_id"?: string;
          "content"?: string;
          "parts"?: Json;
          "regenerate"?: boolean;
          "search"?: boolean;
          "session_id": string;
          "target_id"?: string;
        };
        Returns: Json;
      };
    };
    Enums: {
      "membership_status": "active" | "inactive" | "canceled" | "past_due";
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
      "user_role": ["user", "premium", "admin", "banned"],
    },
  },
} as const;
