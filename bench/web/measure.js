/** Runs in the page that is measured. Everything is counted in the page's own frames. */

/** @returns {Promise<number>} */
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** The copy in IndexedDB as if every message had been seen here. @param {string} user @param {{ conversation: string, head: number }[]} pasts */
globalThis.fillCache = async (user, pasts) => {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open(`chatsite-${user}`);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  let count = 0;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": /csrftoken=(\w+)/.exec(document.cookie)[1] };
  for (const { conversation, head } of pasts) {
    const body = JSON.stringify({ seq: head });
    await fetch(`/api/v1/conversations/${conversation}/read`, { method: "POST", headers, body });
    for (let before = head + 1; before > 1; before -= 100) {
      const answer = await fetch(`/api/v1/conversations/${conversation}/messages?limit=100&before=${before}`);
      const { messages } = await answer.json();
      const change = database.transaction(["message", "held"], "readwrite");
      for (const message of messages) change.objectStore("message").put(message, [conversation, message.seq]);
      change.objectStore("held").put([[Math.max(1, before - 100), head]], conversation);
      await new Promise((resolve, reject) => {
        change.oncomplete = resolve;
        change.onerror = () => reject(change.error);
      });
      count += messages.length;
    }
  }
  database.close();
  return count;
};

/** From the click on a row to the frame in which its newest message stands on the screen; ms. @param {string} conversation @param {number} head */
globalThis.switchTo = async (conversation, head) => {
  const row = document.querySelector(`.row[href="/c/${conversation}"]`);
  const began = performance.now();
  row.click();
  const isThere = () =>
    document.querySelector(`.row[href="/c/${conversation}"][aria-current]`) &&
    document.querySelector(`.timeline [data-seq="${head}"]`);
  while (!isThere()) {
    if (performance.now() - began > 10_000) throw new Error(`${conversation} does not open`);
    await frame();
  }
  await frame(); // it is painted before the next one
  return performance.now() - began;
};

/**
 * Scrolls towards the past, so many pixels a frame, for so many seconds.
 *
 * @param {number} pixels @param {number} seconds
 */
globalThis.scrollBack = async (pixels, seconds) => {
  const box = document.querySelector(".timeline");
  const frames = [];
  let most = 0;
  let moved = 0;
  let before = await frame();
  const end = before + seconds * 1000;
  while (before < end) {
    // What the reader looks at moves by what was scrolled, and by nothing else.
    const line = [...box.querySelectorAll(".bubble-line")].find((one) => one.getBoundingClientRect().bottom > 80);
    const top = line.getBoundingClientRect().top;
    const from = box.scrollTop;
    box.scrollTop -= pixels;
    const wanted = top + Math.min(pixels, from);
    const now = await frame();
    frames.push(now - before);
    before = now;
    most = Math.max(most, document.querySelectorAll(".timeline *").length);
    if (line.isConnected) moved = Math.max(moved, Math.abs(line.getBoundingClientRect().top - wanted));
  }
  const first = Number(box.querySelector("[data-seq]")?.dataset.seq ?? 0);
  return { frames, nodes: most, moved, first };
};
