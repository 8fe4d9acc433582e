// The box to type in: mentions by @name or by the button, slash commands, Enter to send, Shift+Enter for a new line.

import { make } from "./dom.js";
import { act, world } from "./line.js";

const COMMANDS = [
  ["/ask", "QUESTION", "Ask the blog; only you see the answer"],
  ["/blog", "search WORDS | policy | status | refresh | forget me | help", "Search the blog, see and refresh its index"],
];

// What is typed, as Slack sends it: escaped, with @names turned into references.
export function encode(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const byName = new Map([...world.people.values()].map((person) => [person.name.toLowerCase(), person.id]));
  const linked = escaped.replace(/https?:\/\/[^\s]+[^\s.,;:!?)]/g, (address) => `<${address}>`);
  return linked.replace(/(^|[^\w@])@([\w-]+)/g, (whole, before, name) => (byName.has(name.toLowerCase()) ? `${before}<@${byName.get(name.toLowerCase())}>` : whole));
}

// Builds a composer into form; where() gives {person, channel, thread_ts}, sent(text, command) is told what
// went off, and refuse() says that commands do not work here.
export function compose(form, { label, where, sent, refuse }) {
  const box = make("textarea", { rows: 1, ariaLabel: label, placeholder: label, maxLength: 12000, autocomplete: "off" });
  const menu = make("ul", { class: "offers", role: "listbox", hidden: true });
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
  };
  const write = (text) => {
    box.value = text;
    grow();
    offer(menu, box, write, refuse);
    box.focus();
  };
  const mention = () => {
    const name = `@${world.people.get(world.bot).name} `;
    if (!box.value.includes(name.trim())) write(name + box.value);
    box.focus();
  };
  const send = () => {
    const text = box.value.trim();
    if (!text) return;
    const place = where();
    const command = /^(\/\w+)\s*([\s\S]*)$/.exec(text);
    if (command && refuse) return refuse();
    if (command) act("command", { ...place, command: command[1], text: command[2] });
    else act("say", { ...place, text: encode(text) });
    write("");
    sent(text, Boolean(command));
  };
  box.addEventListener("input", () => {
    grow();
    offer(menu, box, write, refuse);
  });
  box.addEventListener("keydown", (event) => {
    if (choose(event, menu, box)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      send();
    }
  });
  box.addEventListener("blur", () => (menu.hidden = true));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.replaceChildren(menu, make("div", { class: "box" }, box,
    make("div", { class: "tools" },
      make("button", { type: "button", class: "plain mention-key", title: "Mention the bot", onclick: mention }, "@blogbot"),
      make("span", { class: "hint" }, make("kbd", {}, "Enter"), " sends, ", make("kbd", {}, "Shift+Enter"), " breaks the line"),
      make("button", { type: "submit", class: "send", ariaLabel: "Send" }, "Send"))));
  return { write, name: (text) => Object.assign(box, { placeholder: text, ariaLabel: text }), mentionLabel: (text) => (form.querySelector(".mention-key").textContent = text) };
}

function offers(text, caret, refuse) {
  const command = refuse ? null : /^\/(\w*)$/.exec(text);
  if (command) return COMMANDS.filter(([name]) => name.startsWith(`/${command[1]}`)).map(([name, what, why]) => ({ show: [make("strong", {}, name), ` ${what}`, make("small", {}, why)], text: `${name} ` }));
  const name = /(^|\s)@([\w-]*)$/.exec(text.slice(0, caret));
  if (!name) return [];
  const people = [...world.people.values()].sort((one, two) => two.bot - one.bot).filter((person) => person.name.startsWith(name[2].toLowerCase()) && person.name !== name[2]);
  const start = caret - name[2].length - 1;
  return people.map((person) => ({ show: [make("strong", {}, `@${person.name}`), ` ${person.bot ? "the bot" : person.real_name}`], text: `${text.slice(0, start)}@${person.name} ${text.slice(caret)}` }));
}

function offer(menu, box, write, refuse) {
  const found = offers(box.value, box.selectionStart, refuse);
  menu.replaceChildren(...found.map(({ show, text }, index) => make("li", { role: "option", ariaSelected: String(index === 0), onmousedown: (event) => event.preventDefault(), onclick: () => write(text) }, ...show)));
  menu.hidden = !found.length;
}

// Arrow keys, Tab and Enter in the menu; true when the key was for it.
function choose(event, menu, box) {
  if (menu.hidden) return false;
  const items = [...menu.children];
  const at = items.findIndex((item) => item.ariaSelected === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = (at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length;
    items.forEach((item, index) => (item.ariaSelected = String(index === next)));
  } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) items[at].click();
  else if (event.key === "Escape") menu.hidden = true;
  else return false;
  event.preventDefault();
  event.stopPropagation();
  box.focus();
  return true;
}
