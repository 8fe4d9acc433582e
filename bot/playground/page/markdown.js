// Markdown, as Slack's markdown block shows it: headings, lists, tables, quotes, fenced code, bold, links.

import { link, make } from "./dom.js";
import { inSlack } from "./mrkdwn.js";

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$/;
const DEEPEST = 8; // quotes and lists inside one another; more is shown flat
const isRule = (line = "") => line.includes("-") && TABLE_RULE.test(line.trim());

export function markdown(text) {
  return blocks(text.split("\n"), 0);
}

function blocks(lines, depth) {
  if (depth > DEEPEST) return [make("p", {}, lines.join("\n"))];
  const out = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    let used;
    if (!line.trim()) used = 1;
    else if (FENCE.test(line)) used = fence(lines, at, out);
    else if (/^\s{0,3}#{1,6}\s/.test(line)) used = heading(line, out);
    else if (/^\s{0,3}([-*_])(\s*\1){2,}\s*$/.test(line)) used = out.push(make("hr")) && 1;
    else if (/^\s{0,3}>/.test(line)) used = quote(lines, at, out, depth);
    else if (line.includes("|") && isRule(lines[at + 1])) used = table(lines, at, out);
    else if (ITEM.test(line)) used = list(lines, at, out, depth);
    else used = paragraph(lines, at, out);
    at += used;
  }
  return out;
}

function fence(lines, at, out) {
  const [, mark, language] = FENCE.exec(lines[at]);
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  const code = make("code", {}, lines.slice(at + 1, end).join("\n"));
  out.push(make("pre", { tabIndex: 0, "data-language": language || null }, code));
  return Math.min(end + 1, lines.length) - at;
}

function heading(line, out) {
  const [, marks, text] = /^\s*(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
  out.push(make("p", { class: `heading level-${marks.length}`, role: "heading", ariaLevel: String(marks.length + 2) }, inline(text)));
  return 1;
}

function quote(lines, at, out, depth) {
  let end = at;
  while (end < lines.length && /^\s{0,3}>/.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^\s{0,3}>\s?/, ""));
  out.push(make("blockquote", {}, blocks(inner, depth + 1)));
  return end - at;
}

function table(lines, at, out) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const row = (tag) => (line) => make("tr", {}, cells(line).map((cell) => make(tag, {}, inline(cell))));
  const head = make("thead", {}, row("th")(lines[at]));
  const body = make("tbody", {}, lines.slice(at + 2, end).map(row("td")));
  out.push(make("div", { class: "wide", tabIndex: 0 }, make("table", {}, head, body)));
  return end - at;
}

// A list ends at the first line that neither begins an item nor is indented below one.
function list(lines, at, out, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const node = make(ordered ? "ol" : "ul", ordered ? { start: Number.parseInt(mark, 10) } : {});
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[1].length > indent.length + 1 || item[1].length < indent.length || /\d/.test(item[2]) !== ordered) break;
    const own = [item[3]];
    end += 1;
    while (end < lines.length) {
      const deeper = /^\s+/.exec(lines[end])?.[0].length ?? 0;
      const blankInside = !lines[end].trim() && /^\s{2,}\S/.test(lines[end + 1] ?? "");
      if (!(deeper > indent.length + 1) && !blankInside) break;
      own.push(lines[end].slice(Math.min(deeper, indent.length + 2 + (ordered ? 1 : 0))));
      end += 1;
    }
    const inner = blocks(own, depth + 1);
    node.append(make("li", {}, inner.length === 1 && inner[0].tagName === "P" ? [...inner[0].childNodes] : inner));
    if (!(lines[end] ?? "").trim() && ITEM.test(lines[end + 1] ?? "")) end += 1;
  }
  out.push(node);
  return Math.max(end - at, 1);
}

function paragraph(lines, at, out) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !FENCE.test(lines[end]) && !/^\s{0,3}(#{1,6}\s|>)/.test(lines[end]) && !ITEM.test(lines[end])) end += 1;
  const children = lines.slice(at, end).flatMap((line, index) => (index ? [make("br"), ...inline(line.trim())] : inline(line.trim())));
  out.push(make("p", {}, children));
  return end - at;
}

// Each length is bounded, so that no text can keep the page busy.
const SPANS = [
  [/^(`+)([\s\S]{0,2000}?[^`])\1(?!`)/, (m) => make("code", {}, m[2].trim())],
  [/^\\([\\`*_{}[\]()#+\-.!|<>~&@])/, (m) => m[1]],
  [/^!?\[((?:\\.|[^[\]\\]|\[[^[\]]{0,100}\]){0,300})\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/, (m) => link(m[2], ...inline(m[1]))],
  [/^<(https?:\/\/[^\s<>|]+)>/, (m) => link(m[1], m[1])],
  [/^(\*\*|__)(?=\S)([\s\S]{0,600}?\S)\1/, (m) => make("strong", {}, inline(m[2]))],
  [/^\*(?=[^\s*])([^*]{0,600}?[^\s*])\*(?!\*)/, (m) => make("em", {}, inline(m[1]))],
  [/^~~(?=\S)([\s\S]{0,600}?\S)~~/, (m) => make("s", {}, inline(m[1]))],
  [/^<[@#!][^<>\n]{1,80}>/, (m) => inSlack(m[0])],
  [/^https?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef]*[^\s<>"'`\u3000-\u303f\uff00-\uffef.,;:!?)\]*_]/, (m) => link(m[0], m[0])],
  [/^&(amp|lt|gt|quot|#39);/, (m) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[m[1]]],
];
const WORD = /[\p{L}\p{N}]/u;
const MARK = /[`\\![<*_~h&]/;

export function inline(text) {
  const out = [];
  let plain = "";
  let rest = text;
  while (rest) {
    const found = span(rest, plain);
    if (found) {
      if (plain) out.push(plain);
      plain = "";
      out.push(found.node);
      rest = rest.slice(found.length);
    } else {
      const next = rest.slice(1).search(MARK) + 1 || rest.length;
      plain += rest.slice(0, next);
      rest = rest.slice(next);
    }
  }
  if (plain) out.push(plain);
  return out;
}

function span(rest, before) {
  if (!MARK.test(rest[0])) return null;
  const inWord = WORD.test(before.at(-1) ?? "");
  const underscored = /^_(?=[^\s_])([^_]{0,600}?[^\s_])_(?![\p{L}\p{N}_])/u.exec(rest);
  if (underscored && !inWord) return { node: make("em", {}, inline(underscored[1])), length: underscored[0].length };
  for (const [pattern, build] of SPANS) {
    const match = pattern.exec(rest);
    if (match && !(match[0].startsWith("__") && inWord)) return { node: build(match), length: match[0].length };
  }
  return null;
}
