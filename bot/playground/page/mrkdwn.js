// Slack's own mrkdwn: *bold*, _italic_, ~struck~, `code`, > quotes, <address|text>, <@person>, <#channel>, :emoji:.

import { link, make } from "./dom.js";

let names = { people: new Map(), channels: new Map() };

// Who is meant by the ids in texts.
export function introduce(people, channels) {
  names = { people, channels };
}

const EMOJI = {
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", mag: "🔍", books: "📚", book: "📖", link: "🔗",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", warning: "⚠️", white_check_mark: "✅", x: "❌", eyes: "👀",
  wave: "👋", bulb: "💡", speech_balloon: "💬", arrows_counterclockwise: "🔄", lock: "🔒", robot_face: "🤖",
  page_facing_up: "📄", newspaper: "📰", gear: "⚙️", rocket: "🚀", tada: "🎉", sparkles: "✨", question: "❓",
  house: "🏠", pencil2: "✏️", octagonal_sign: "🛑", no_entry: "⛔", information_source: "ℹ️", star: "⭐",
};
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
// A status without the dots that the page sets in motion itself.
export const undotted = (text) => plain(text).replace(/(…|\.{3})$/, "");
export const plain = (text) => emoji(unescape(text));

// One of Slack's angle-bracketed references.
export function inSlack(token) {
  const [target, label] = token.slice(1, -1).split("|");
  const word = label === undefined ? undefined : unescape(label);
  if (target.startsWith("@")) return make("span", { class: "mention" }, `@${names.people.get(target.slice(1))?.name ?? word ?? target.slice(1)}`);
  if (target.startsWith("#")) return make("span", { class: "mention" }, `#${names.channels.get(target.slice(1))?.name || word || target.slice(1)}`);
  if (target.startsWith("!subteam")) return make("span", { class: "mention ping" }, word ?? "@group");
  if (target.startsWith("!date")) return word ?? target;
  if (target.startsWith("!")) return make("span", { class: "mention ping" }, `@${target.slice(1)}`);
  return link(unescape(target), word ?? unescape(target).replace(/^mailto:/, ""));
}

export function mrkdwn(text) {
  const out = [];
  const parts = text.split(/```\n?([\s\S]*?)\n?```/);
  parts.forEach((part, index) => {
    if (index % 2) out.push(make("pre", { tabIndex: 0 }, make("code", {}, unescape(part))));
    else out.push(...paragraphs(part));
  });
  return out;
}

function paragraphs(text) {
  const out = [];
  for (const line of text.replace(/^\n|\n$/g, "").split("\n")) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) {
      const last = out.at(-1);
      if (last?.tagName === "BLOCKQUOTE") last.append(make("br"), ...spans(quoted[1]));
      else out.push(make("blockquote", {}, spans(quoted[1])));
    } else if (out.length && !(out.at(-1) instanceof Element && out.at(-1).tagName === "BLOCKQUOTE")) out.push(make("br"), ...spans(line));
    else out.push(...spans(line));
  }
  return out.length === 1 && out[0] === "" ? [] : out;
}

// A mark opens after a space or punctuation and closes before one, which is why Chinese needs spaces around it.
const MARKS = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}])([*_~])(?=\S)(.{1,600}?)(?<=\S)\3(?![\p{L}\p{N}])/gu;
const TAGS = { "*": "strong", _: "em", "~": "s" };

function spans(text) {
  const out = [];
  let at = 0;
  for (const match of text.matchAll(MARKS)) {
    if (match.index > at) out.push(plain(text.slice(at, match.index)));
    if (match[1]) out.push(make("code", {}, unescape(match[1])));
    else if (match[2]) out.push(inSlack(match[0]));
    else out.push(make(TAGS[match[3]], {}, spans(match[4])));
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push(plain(text.slice(at)));
  return out;
}
