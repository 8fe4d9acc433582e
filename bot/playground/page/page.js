// The page: which room is shown to whom, kept in step with the workspace.

import { compose } from "./composer.js";
import { avatar, byId, make } from "./dom.js";
import { act, listen, sessionOf, statusOf, titleOf, world } from "./line.js";
import { drawLog } from "./messages.js";
import { undotted } from "./mrkdwn.js";
import { drawHome, drawModal, showErrors } from "./views.js";

const at = { me: "", channel: "", thread: "", tab: "messages" };
const STATUS_SECONDS = 120; // Slack takes a status away after that long without a message
const unread = new Set();
let awaited = ""; // the text just said, whose thread opens as soon as the bot answers in it
let turn = 0;

const place = () => world.channels.get(at.channel);
const botName = () => world.people.get(world.bot)?.name ?? "blogbot";
const directOf = (person) => [...world.channels.values()].find((channel) => channel.person === person);
const visible = (channel) => !channel.person || channel.person === at.me;

const room = compose(byId("room-composer"), {
  label: "Message", where: () => ({ person: at.me, channel: at.channel }),
  sent: (text, command) => (awaited = command ? "" : "next"),
});
const reply = compose(byId("thread-composer"), {
  label: "Reply", where: () => ({ person: at.me, channel: at.channel, thread_ts: at.thread }), sent: () => {}, refuse: () => toast("Slack offers no slash commands inside threads: type it in the channel."),
});

function go(changes) {
  if ("channel" in changes && changes.channel !== at.channel) Object.assign(at, { thread: "", tab: "messages" });
  Object.assign(at, changes);
  unread.delete(at.channel);
  localStorage.setItem("me", at.me);
  draw(true);
}

function openThread(ts) {
  go({ thread: ts });
  if (matchMedia("(min-width: 60rem)").matches) byId("thread-composer").querySelector("textarea").focus();
}

function draw(jump = false) {
  if (!place()) return;
  drawSide();
  drawRoom(jump);
  drawThread(jump);
  drawModal(at.me);
}

function drawSide() {
  const entry = (channel, sign, name) => make("li", {}, make("button", {
    type: "button", class: `plain place${unread.has(channel.id) ? " unread" : ""}`, ariaCurrent: channel.id === at.channel ? "page" : null, onclick: () => go({ channel: channel.id }),
  }, sign, make("span", {}, name)));
  byId("channels").replaceChildren(...[...world.channels.values()].filter((channel) => !channel.person).map((channel) => entry(channel, make("span", { class: "sign", ariaHidden: "true" }, "#"), channel.name)));
  byId("directs").replaceChildren(entry(directOf(at.me), avatar(world.people.get(world.bot), "small"), botName()));
  const people = [...world.people.values()].filter((person) => !person.bot);
  byId("people").replaceChildren(...people.map((person) => make("button", {
    type: "button", class: "plain person", ariaPressed: String(person.id === at.me), title: `Be ${person.real_name}`,
    onclick: () => go({ me: person.id, ...(place().person ? { channel: directOf(person.id).id } : {}) }),
  }, avatar(person, "small"), make("span", {}, person.real_name))));
  byId("wire").className = `wire ${world.connected ? "on" : "off"}`;
  byId("wire").textContent = world.connected ? `${botName()} is connected` : world.online ? `${botName()} is not connected yet` : "The playground has stopped";
}

function drawRoom(jump) {
  const direct = Boolean(place().person);
  byId("place").textContent = direct ? botName() : `# ${place().name}`;
  byId("topic").textContent = direct ? "Direct message: no mention needed" : `Mention @${botName()} and it answers in a thread`;
  byId("tabs").hidden = !direct;
  byId("tabs").replaceChildren(...["messages", "home"].map((tab) => make("button", {
    type: "button", class: "plain", ariaCurrent: at.tab === tab ? "page" : null, onclick: () => showTab(tab),
  }, tab === "home" ? "Home" : "Messages")));
  const home = direct && at.tab === "home";
  byId("home").hidden = !home;
  byId("room-scroll").hidden = byId("room-composer").hidden = home;
  if (home) drawHome(at.me);
  room.name(direct ? `Message ${botName()}` : `Message #${place().name}`);
  room.mentionLabel(`@${botName()}`);
  byId("room-composer").querySelector(".mention-key").hidden = direct;
  drawWelcome(direct);
  const notes = [...world.private.values()].filter((note) => note.channel === at.channel && note.to === at.me && !note.thread_ts);
  const top = [...place().messages.values()].filter((message) => (message.thread_ts ?? message.ts) === message.ts);
  const messages = [...top, ...notes].sort((one, two) => one.ts.localeCompare(two.ts));
  pinned(byId("room-scroll"), jump, () => drawLog(byId("room-log"), messages, { me: at.me, channel: at.channel, inThread: false, open: openThread }));
}

function showTab(tab) {
  act("open_home", { person: at.me, tab });
  go({ tab, thread: "" });
}

function drawWelcome(direct) {
  const prompts = direct ? world.prompts[at.channel] : null;
  const offers = prompts ? prompts.prompts : world.examples.map((text) => ({ title: text, message: text }));
  const ask = (text) => room.write(direct ? text : `@${botName()} ${text}`);
  const parts = direct
    ? [make("h2", {}, `Ask ${botName()} in private`), make("p", {}, "Just ask: every message here is a question. The Home tab tells more.")]
    : [make("h2", {}, `Welcome to #${place().name}`), make("p", {}, "Ask the blog: mention ", make("button", { type: "button", class: "mention plain", onclick: () => ask("") }, `@${botName()}`), ", and the answer comes in a thread with its sources. ",
      make("code", {}, "/ask"), " answers you privately, ", make("code", {}, "/blog help"), " shows what else there is.")];
  const look = JSON.stringify([at.channel, offers, prompts?.title]);
  if (byId("welcome").look === look) return;
  byId("welcome").look = look;
  const chips = make("div", { class: "chips" }, offers.map((offer) => make("button", { type: "button", class: "chip", onclick: () => ask(offer.message) }, offer.title)));
  byId("welcome").replaceChildren(...parts, prompts?.title ? make("p", {}, prompts.title) : "", offers.length ? chips : "");
}

function drawThread(jump) {
  const root = place().messages.get(at.thread);
  byId("thread").hidden = !root;
  byId("house").classList.toggle("with-thread", Boolean(root));
  if (!root) return;
  byId("thread-topic").textContent = titleOf(at.channel, at.thread) ?? (place().person ? botName() : `#${place().name}`);
  reply.name("Reply in thread");
  reply.mentionLabel(`@${botName()}`);
  const notes = [...world.private.values()].filter((note) => note.channel === at.channel && note.to === at.me && note.thread_ts === at.thread);
  const replies = [...place().messages.values()].filter((message) => message.thread_ts === at.thread && message.ts !== at.thread);
  const messages = [root, ...[...replies, ...notes].sort((one, two) => one.ts.localeCompare(two.ts))];
  pinned(byId("thread-scroll"), jump, () => {
    drawLog(byId("thread-log"), messages, { me: at.me, channel: at.channel, inThread: true, open: openThread });
    drawStatus();
  });
}

function drawStatus() {
  const known = statusOf(at.channel, at.thread);
  const status = known && Date.now() / 1000 - known.since < STATUS_SECONDS ? known : null;
  const busy = sessionOf(at.channel, at.thread) === "processing";
  const line = byId("thread-status");
  line.hidden = !status && !busy;
  if (line.hidden) return;
  const texts = status?.loading_messages?.length ? status.loading_messages : [status?.status || "is working"];
  const stop = busy && make("button", { type: "button", class: "key", onclick: () => act("stop", { person: at.me, channel: at.channel, thread_ts: at.thread }) }, "Stop");
  line.replaceChildren(make("span", { class: "dots" }, make("strong", {}, botName()), ` ${undotted(texts[turn % texts.length])}`), stop || "");
}

// Keeps the end in view while things are added there, unless the reader has scrolled away from it.
function pinned(scroll, jump, change) {
  const atEnd = jump || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  change();
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
}

function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = !text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => (node.hidden = true), 6000);
}

function onMessage({ channel, data }) {
  const known = world.channels.get(channel);
  if (channel !== at.channel && known && visible(known)) unread.add(channel);
  if (channel !== at.channel) return;
  if (awaited === "next" && data.user === at.me && !data.thread_ts) awaited = data.ts;
  if (data.thread_ts && data.thread_ts === awaited && data.user === world.bot) answered(awaited);
}

function answered(ts) {
  awaited = "";
  openThread(ts);
}

listen((kind, told) => {
  if (kind === "whole") {
    const remembered = localStorage.getItem("me");
    const first = [...world.people.values()].find((person) => !person.bot).id;
    at.me = world.people.has(at.me) ? at.me : world.people.has(remembered) && remembered !== world.bot ? remembered : first;
    if (!world.channels.has(at.channel)) at.channel = world.channels.keys().next().value;
    document.title = `${botName()} playground`;
    draw(true);
    return;
  }
  if (kind === "problem") {
    if (told.data.text) toast(told.data.text);
    showErrors(told.data.errors ?? {});
    return;
  }
  if (kind === "message") onMessage(told);
  if (kind === "status" && told.channel === at.channel && told.data.thread_ts === awaited) answered(awaited);
  draw();
});

byId("thread-close").addEventListener("click", () => go({ thread: "" }));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && at.thread && !byId("modal").open) go({ thread: "" });
});
setInterval(() => {
  turn += 1;
  if (at.thread && place()) drawStatus();
}, 3000);
