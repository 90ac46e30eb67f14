/**
 * The conversation list's entries as values: each function takes one and gives the next.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Conversation} Conversation
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Mark} Mark
 * @typedef {import("../types.js").User} User
 */

/** My place in a conversation. @param {Conversation} conversation @param {string} me @returns {Member | undefined} */
export function placeOf(conversation, me) {
  return conversation.members.find((member) => member.user.id === me);
}

/** The other person of a direct conversation. @param {Conversation} conversation @param {string} me */
export function partner(conversation, me) {
  if (conversation.kind !== "direct") return undefined;
  return (conversation.members.find((member) => member.user.id !== me) ?? conversation.members[0])?.user;
}

/** Whether somebody is in a group, or invited. @param {Conversation} conversation @param {string} id */
export function isPresent({ members }, id) {
  return members.some(({ user, state }) => user.id === id && (state === "joined" || state === "invited"));
}

/** How many people a change of a group has invited and added: those asked for may have been in already. @param {Conversation} before @param {Conversation} after */
export function newcomers(before, after) {
  const fresh = after.members.filter(({ user }) => !isPresent(before, user.id));
  const count = (/** @type {string} */ wanted) => fresh.filter(({ state }) => state === wanted).length;
  return { invited: count("invited"), added: count("joined") };
}

/** The newest seq that I may see. @param {Conversation} conversation @param {number} head @param {string} me */
export function visibleHead(conversation, head, me) {
  const span = placeOf(conversation, me)?.spans.at(-1);
  return span ? Math.min(head, span[1] ?? head) : 0;
}

/** The oldest seq that I may see. @param {Conversation} conversation @param {string} me */
export function firstVisible(conversation, me) {
  return placeOf(conversation, me)?.spans[0]?.[0] ?? Number.POSITIVE_INFINITY;
}

/** How many seqs in (read, head] I may see. @param {Pick<Entry, "conversation" | "head" | "read">} entry @param {string} me */
export function countUnread({ conversation, head, read }, me) {
  const spans = placeOf(conversation, me)?.spans ?? [];
  return spans.reduce(
    (sum, [first, last]) => sum + Math.max(0, Math.min(last ?? head, head) - Math.max(first - 1, read)),
    0,
  );
}

/** Whoever is in a conversation, or was with us. @param {Entry} entry @param {string} id @returns {User | undefined} */
export function personIn(entry, id) {
  const member = entry.conversation.members.find(({ user }) => user.id === id);
  return member?.user ?? entry.conversation.people?.find((user) => user.id === id);
}

/** @param {Entry} entry @param {string} me @returns {Entry} */
function recount(entry, me) {
  return { ...entry, unread: countUnread(entry, me) };
}

/** A message is also its sender's mark. @param {Entry} entry @param {Message} message @param {number} head @param {string} me @returns {Entry} */
export function withMessage(entry, message, head, me) {
  const newest = message.kind !== "void" && message.seq >= (entry.preview?.seq ?? 0);
  const mark = { user: message.sender, read: message.seq, delivered: message.seq };
  const active = Math.max(entry.active_at, message.sent_at);
  const preview = newest ? message : entry.preview;
  const next = { ...entry, head: Math.max(entry.head, head, message.seq), preview, active_at: active };
  return withMarks(next, [mark], me);
}

/** @param {Entry} entry @param {number} head @param {number} read @param {string} me @returns {Entry} */
export function withHead(entry, head, read, me) {
  return recount({ ...entry, head: Math.max(entry.head, head), read: Math.max(entry.read, read) }, me);
}

/** @param {Entry} entry @param {readonly Mark[]} marks @param {string} me @returns {Entry} */
export function withMarks(entry, marks, me) {
  let { read, others_read, others_delivered } = entry;
  for (const mark of marks) {
    if (mark.user === me) read = Math.max(read, mark.read);
    else {
      others_read = Math.max(others_read, mark.read);
      others_delivered = Math.max(others_delivered, mark.delivered, mark.read);
    }
  }
  return recount({ ...entry, read, others_read, others_delivered }, me);
}

/** Of two versions of a conversation the higher counts. @param {Entry} entry @param {Conversation} conversation @param {string} me @returns {Entry} */
export function withConversation(entry, conversation, me) {
  const newer = conversation.version >= entry.conversation.version ? conversation : entry.conversation;
  return recount({ ...entry, conversation: newer, head: Math.max(entry.head, conversation.head) }, me);
}

/** Two tellings of one entry in one. @param {Entry} old @param {Entry} fresh @param {string} me @returns {Entry} */
export function mergeEntries(old, fresh, me) {
  const conversation = fresh.conversation.version >= old.conversation.version ? fresh.conversation : old.conversation;
  return recount(
    {
      conversation,
      head: Math.max(old.head, fresh.head),
      read: Math.max(old.read, fresh.read),
      unread: 0,
      active_at: Math.max(old.active_at, fresh.active_at),
      preview: (old.preview?.seq ?? 0) > (fresh.preview?.seq ?? 0) ? old.preview : (fresh.preview ?? old.preview),
      others_read: Math.max(old.others_read, fresh.others_read),
      others_delivered: Math.max(old.others_delivered, fresh.others_delivered),
    },
    me,
  );
}

/** An entry of a conversation we were only told about. @param {Conversation} conversation @param {string} me @returns {Entry} */
export function freshEntry(conversation, me) {
  const { head, created_at } = conversation;
  const bare = {
    conversation,
    head,
    read: 0,
    unread: 0,
    active_at: created_at,
    preview: null,
    others_read: 0,
    others_delivered: 0,
  };
  return recount(bare, me);
}

/** Newest first. @param {Iterable<Entry>} entries @returns {Entry[]} */
export function sorted(entries) {
  return [...entries].sort((a, b) => b.active_at - a.active_at || (a.conversation.id < b.conversation.id ? 1 : -1));
}
