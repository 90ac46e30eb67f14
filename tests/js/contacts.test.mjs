import assert from "node:assert/strict";
import { test } from "node:test";
import { Contacts } from "../../static/js/store/contacts.js";

/** @param {string} id @param {"contact" | "sent" | "received"} state */
const contact = (id, state) => ({ user: { id, username: `u${id}`, display_name: "" }, state, since: 1 });

/** An API whose answers the test gives one by one. */
class Answers {
  /** @type {{ resolve: (book: any) => void, reject: (error: Error) => void }[]} */
  asked = [];

  contacts() {
    return /** @type {Promise<any>} */ (
      new Promise((resolve, reject) => {
        this.asked.push({ resolve, reject });
      })
    );
  }
}

test("everybody stands as the server says", async () => {
  const api = new Answers();
  const contacts = new Contacts({ api });
  assert.equal(contacts.state.peek(), "loading");
  const read = contacts.refresh();
  const blocked = [contact("9", "sent").user];
  api.asked[0]?.resolve({
    contacts: [contact("1", "contact"), contact("2", "received"), contact("3", "sent")],
    blocked,
  });
  await read;
  assert.equal(contacts.state.peek(), "ready");
  assert.deepEqual(
    ["1", "2", "3", "9", "7"].map((id) => contacts.standing(id)),
    ["contact", "received", "sent", "blocked", "none"],
  );
  assert.deepEqual(
    contacts.mutual.peek().map(({ user }) => user.id),
    ["1"],
  );
});

test("what changes while they are read is read once more, and only once", async () => {
  const api = new Answers();
  const contacts = new Contacts({ api });
  const read = contacts.refresh();
  contacts.refresh();
  contacts.refresh();
  api.asked[0]?.resolve({ contacts: [], blocked: [] });
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(api.asked.length, 2);
  api.asked[1]?.resolve({ contacts: [contact("1", "contact")], blocked: [] });
  await read;
  assert.equal(contacts.standing("1"), "contact");
  assert.equal(api.asked.length, 2);
});

test("a failure is told at first, and later leaves what is known", async () => {
  const api = new Answers();
  const contacts = new Contacts({ api });
  let read = contacts.refresh();
  api.asked[0]?.reject(new Error("away"));
  await read;
  assert.equal(contacts.state.peek(), "failed");
  read = contacts.refresh();
  api.asked[1]?.resolve({ contacts: [contact("1", "contact")], blocked: [] });
  await read;
  read = contacts.refresh();
  api.asked[2]?.reject(new Error("away"));
  await read;
  assert.equal(contacts.state.peek(), "ready");
  assert.equal(contacts.standing("1"), "contact");
});
