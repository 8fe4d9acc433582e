// One message, drawn: who, when, what, and what can be done with it.

import { drawBlocks } from "./blocks.js";
import { avatar, clock, icon, make } from "./dom.js";
import { act, statusOf, world } from "./line.js";
import { mrkdwn, undotted } from "./mrkdwn.js";

const SLACKBOT = { id: "USLACKBOT", name: "playground", real_name: "Playground" };

// Draws a message of a place for the visitor me; open(ts) shows its thread where that makes sense.
export function drawMessage(message, { me, channel, inThread, open }) {
  const person = world.people.get(message.user) ?? SLACKBOT;
  const writing = message.streaming_state === "in_progress";
  const press = (action_id, value) => act("press", { person: me, ts: message.ts, action_id, value });
  const blocks = message.blocks?.length ? drawBlocks(message.blocks, press) : make("div", { class: "block" }, mrkdwn(message.text ?? ""));
  const node = make("article", { class: `message${message.is_ephemeral ? " private" : ""}${writing ? " writing" : ""}${message.subtype === "tombstone" ? " gone" : ""}`, "data-ts": message.ts, tabIndex: -1, ariaBusy: String(writing) },
    avatar(person),
    make("div", { class: "body" },
      message.is_ephemeral && make("p", { class: "only-you" }, icon("eye"), " Only visible to you"),
      make("p", { class: "who" },
        make("strong", {}, person.bot ? person.name : person.real_name), person.bot && make("span", { class: "badge" }, "APP"),
        make("time", { title: new Date(Number(message.ts) * 1000).toLocaleString() }, clock(message.ts)),
        message.edited && !person.bot && make("span", { class: "muted" }, "(edited)")),
      make("div", { class: "text" }, blocks),
      reactions(message),
      !inThread && !message.is_ephemeral && footer(message, { me, channel, open })));
  return node;
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return make("p", { class: "reactions" }, message.reactions.map((reaction) => make("span", {}, mrkdwn(`:${reaction.name}:`), ` ${reaction.count}`)));
}

function footer(message, { me, channel, open }) {
  const status = statusOf(channel, message.ts);
  const replies = repliesTo(message, channel);
  const writing = replies.some((m) => m.streaming_state === "in_progress");
  const faces = [...new Set(replies.map((m) => m.user))].slice(0, 3).map((id) => avatar(world.people.get(id) ?? SLACKBOT, "small"));
  const count = message.reply_count ?? 0;
  const label = count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Reply in thread";
  return make("p", { class: `under${count || status ? " kept" : ""}` },
    make("button", { type: "button", class: "plain replies", onclick: () => open(message.ts) }, faces, label),
    Object.entries(world.shortcuts).map(([callback_id, name]) => make("button", { type: "button", class: "plain shortcut", onclick: () => act("shortcut", { person: me, ts: message.ts, callback_id }) }, name)),
    (status || writing) && make("span", { class: "muted dots" }, writing ? "is writing" : undotted(status.status)));
}

function repliesTo(message, channel) {
  if (!message.reply_count) return [];
  return [...world.channels.get(channel).messages.values()].filter((m) => m.thread_ts === message.ts && m.ts !== message.ts);
}

// Brings a log up to date with messages, touching only what changed, so that nothing jumps while text streams in.
export function drawLog(log, messages, context) {
  const have = new Map([...log.children].map((node) => [node.dataset.ts, node]));
  let before = null;
  for (const message of messages) {
    const look = JSON.stringify([message, statusOf(context.channel, message.ts)?.status, context.me, repliesTo(message, context.channel).map((m) => m.streaming_state)]);
    let node = have.get(message.ts);
    if (!node || node.look !== look) {
      const fresh = drawMessage(message, context);
      fresh.look = look;
      if (node) node.replaceWith(fresh);
      node = fresh;
    }
    if ((before ? before.nextElementSibling : log.firstElementChild) !== node) {
      if (before) before.after(node);
      else log.prepend(node);
    }
    have.delete(message.ts);
    before = node;
  }
  for (const node of have.values()) node.remove();
}
