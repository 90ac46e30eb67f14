/**
 * The shapes of docs/protocol.md, and of what the client keeps beside them.
 *
 * @typedef {{ id: string, username: string, display_name: string }} User
 * @typedef {"owner" | "admin" | "member"} Role
 * @typedef {"joined" | "invited" | "left" | "removed" | "declined"} MemberState
 * @typedef {[first: number, last: number | null]} Span
 * @typedef {{ user: User, role: Role, state: MemberState, spans: Span[], invited_by?: string | null }} Member
 * @typedef {{ id: string, kind: "direct" | "group", title: string, version: number, created_at: number, head: number, members: Member[],
 *   people?: User[] }} Conversation `people` are those whose messages we may still see, once we are outside
 * @typedef {{ type: string, user?: string | null, users?: string[] | null, by: string, title?: string | null, role?: Role | null }} SystemEvent
 * @typedef {{ seq: number, kind: "text" | "event" | "void", sender: string, client_id: string, sent_at: number, text: string,
 *   event?: SystemEvent | null, reply_to?: number | null, mentions?: string[] | null, edited_at?: number | null, redacted_at?: number | null }} Message
 * @typedef {{ conversation: Conversation, head: number, read: number, unread: number, active_at: number, preview: Message | null,
 *   others_read: number, others_delivered: number }} Entry
 * @typedef {{ user: string, read: number, delivered: number }} Mark
 * @typedef {{ user: string, online: boolean, last_active_at: number | null }} Presence
 * @typedef {{ user: User, state: "contact" | "sent" | "received", since: number }} Contact
 * @typedef {{ level: "all" | "mentions" | "none", muted_until: number | null }} ConversationPush What is pushed of a conversation.
 * @typedef {{ begin: string, end: string, time_zone: string }} QuietHours
 * @typedef {{ gateways: string[], vapid_key: string | null, subscription: { gateway: string } | null, previews: boolean,
 *   quiet_hours: QuietHours | null, muted_until: number | null }} Push
 *
 * @typedef {[first: number, last: number]} Range Seqs, both ends included.
 * @typedef {{ before?: number, after?: number, around?: number, limit?: number }} Ask Which page of a history; empty is the newest.
 * @typedef {{ messages: Message[], head: number, more_before: boolean, more_after: boolean }} Page
 * @typedef {{ code: string, title: string, detail: string, status: number, retry_after?: number, field?: string }} ProblemBody
 *
 * @typedef {{ client_id: string, conversation: string, text: string, after: number, created_at: number,
 *   reply_to?: number, state: "pending" | "failed", reason?: string, detail?: string }} Pending A message of ours that has no seq yet.
 * @typedef {{ user: User, device: string, locale: string, theme: string }} Boot
 *
 * @typedef {{ type: string, id?: string, [field: string]: any }} Frame
 * @typedef {{ cursor: string, more: boolean, conversations: { conversation: string, head: number, read: number }[], changed: Conversation[],
 *   messages: { conversation: string, message: Message }[], receipts: { conversation: string, marks: Mark[] }[], contacts: boolean }} Synced
 */

export {};
