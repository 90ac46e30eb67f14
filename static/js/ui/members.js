/**
 * A group's people, and what one may do with each.
 *
 * @typedef {import("../types.js").Conversation} Conversation
 * @typedef {import("../types.js").Member} Member
 * @typedef {import("../types.js").Role} Role
 */

import { useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { placeOf } from "../store/entries.js";
import { PersonAvatar } from "./avatar.js";
import { Dialog, Question } from "./dialog.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { nameOf } from "./names.js";
import { Relation } from "./relation.js";
import { go, notice } from "./screen.js";

const RANK = { owner: 0, admin: 1, member: 2 };
const LABEL = /** @type {const} */ ({ owner: "panel.owner", admin: "panel.admin", member: "panel.member" });
const MAKE = /** @type {const} */ ({ owner: "panel.makeOwner", admin: "panel.makeAdmin", member: "panel.makeMember" });

/** @param {{ conversation: Conversation }} props */
export function Members({ conversation }) {
  const { world } = useChat();
  const [chosen, choose] = useState(/** @type {string | null} */ (null));
  const me = placeOf(conversation, world.me.id);
  const of = (/** @type {string} */ state) =>
    conversation.members
      .filter((member) => member.state === state)
      .sort((a, b) => RANK[a.role] - RANK[b.role] || nameOf(a.user).localeCompare(nameOf(b.user)));
  const [joined, invited] = [of("joined"), of("invited")];
  const member = conversation.members.find(({ user }) => user.id === chosen);
  const line = (/** @type {Member} */ one) =>
    html`<${Line} key=${one.user.id} member=${one} mine=${one === me} onManage=${() => choose(one.user.id)} />`;
  if (joined.length + invited.length === 0) return null; // outside one is told nobody
  return html`<section class="panel-section">
    <h3>${t("panel.people")} <span class="muted">${joined.length}</span></h3>
    <ul class="members">${joined.map(line)}</ul>
    ${
      invited.length > 0 &&
      html`<h3>${t("panel.invited")} <span class="muted">${invited.length}</span></h3>
        <ul class="members">${invited.map(line)}</ul>`
    }
    ${member && me && html`<${Sheet} conversation=${conversation} me=${me} member=${member} onClose=${() => choose(null)} />`}
  </section>`;
}

/** @param {{ member: Member, mine: boolean, onManage: () => void }} props */
function Line({ member, mine, onManage }) {
  const name = nameOf(member.user);
  const inside = html`<${PersonAvatar} user=${member.user} dot=${true} size="medium" />
    <span class="member-text">
      <span class="member-name" dir="auto">${name}${mine && html` <span class="muted">(${t("panel.you")})</span>`}</span>
      <span class="member-username">@${member.user.username}</span>
    </span>
    ${member.role !== "member" && html`<span class="badge">${t(LABEL[member.role])}</span>`}`;
  if (mine) return html`<li class="member">${inside}</li>`;
  return html`<li>
    <button class="member" type="button" onClick=${onManage} title=${t("panel.manage", { name })}>
      ${inside}<${Icon} name="more" />
    </button>
  </li>`;
}

/** @param {{ conversation: Conversation, me: Member, member: Member, onClose: () => void }} props */
function Sheet({ conversation, me, member, onClose }) {
  const chat = useChat();
  const [question, ask] = useState(/** @type {{ text: string, action: string, onYes: () => void } | null} */ (null));
  const run = (/** @type {() => Promise<any>} */ command) => async () => {
    onClose();
    try {
      const changed = await command();
      if (changed?.members) chat.learn(changed);
      else await chat.sync.fetchEntry(conversation.id);
    } catch (problem) {
      notice.value = explain(problem);
    }
  };
  const write = async () => {
    const direct = await chat.api.startDirect(member.user.username);
    chat.learn(direct);
    go(direct.id);
  };
  const { api } = chat;
  const invited = member.state === "invited";
  const roles = me.state === "joined" && me.role === "owner" && !invited ? rolesBut(member.role) : [];
  const removes = me.state === "joined" && (me.role === "owner" || (me.role === "admin" && member.role === "member"));
  const name = nameOf(member.user);
  const give = (/** @type {Role} */ role) => {
    const onYes = run(() => api.changeRole(conversation.id, member.user.id, role));
    if (role !== "owner") return onYes;
    return () => ask({ text: t("panel.makeOwner.ask", { name }), action: t("panel.makeOwner"), onYes });
  };
  const remove = () => {
    const onYes = run(() => api.removeMember(conversation.id, member.user.id));
    if (invited) return onYes;
    return () => ask({ text: t("panel.remove.ask", { name }), action: t("panel.remove"), onYes });
  };
  if (question)
    return html`<${Dialog} title=${name} onClose=${onClose}><${Question} ...${question} onNo=${onClose} /></${Dialog}>`;
  return html`<${Dialog} title=${name} onClose=${onClose}>
    <div class="sheet">
      <button class="button" type="button" onClick=${run(write)}>${t("panel.chat")}</button>
      ${roles.map(
        (role) => html`<button class="button" type="button" key=${role} onClick=${give(role)}>
          ${t(MAKE[role])}
        </button>`,
      )}
      ${
        removes &&
        html`<button class="button button-danger" type="button" onClick=${remove()}>
          ${t(invited ? "panel.takeBack" : "panel.remove")}
        </button>`
      }
    </div>
    <${Relation} user=${member.user} sheet=${true} onDone=${onClose} />
  </${Dialog}>`;
}

/** @param {Role} role @returns {Role[]} */
function rolesBut(role) {
  return /** @type {Role[]} */ (["owner", "admin", "member"]).filter((one) => one !== role);
}
