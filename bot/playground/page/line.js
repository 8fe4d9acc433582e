// The line to the workspace: one WebSocket, opened again when it breaks, and what it said so far.

import { introduce } from "./mrkdwn.js";

export const world = {
  bot: "", people: new Map(), channels: new Map(), private: new Map(), statuses: new Map(), sessions: new Map(),
  prompts: {}, titles: new Map(), homes: {}, modals: new Map(), examples: [], shortcuts: {}, connected: false, online: false,
};
const key = (channel, root) => `${channel} ${root}`;
let socket = null;
let heard = () => {};

// Calls hear(kind, told) after each change, with kind "whole" when everything may have changed.
export function listen(hear) {
  heard = hear;
  connect(250);
}

// Tells the workspace what the visitor does.
export function act(name, fields) {
  if (socket?.readyState !== WebSocket.OPEN) return heard("problem", { data: { text: "The playground does not answer. Is blogbot still running?" } });
  socket.send(JSON.stringify({ act: name, ...fields }));
}

export const statusOf = (channel, root) => world.statuses.get(key(channel, root));
export const sessionOf = (channel, root) => world.sessions.get(key(channel, root));
export const titleOf = (channel, root) => world.titles.get(key(channel, root));

function connect(pause) {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  let next = Math.min(pause * 2, 5000);
  socket.onmessage = (event) => {
    const told = JSON.parse(event.data);
    next = 250;
    if (Object.hasOwn(LEARN, told.kind)) LEARN[told.kind](told);
    heard(told.kind, told);
  };
  socket.onclose = () => {
    world.online = world.connected = false;
    heard("connection", {});
    setTimeout(() => connect(next), pause);
  };
}

const LEARN = {
  whole({ data }) {
    world.bot = data.bot;
    world.people = new Map(data.people.map((person) => [person.id, person]));
    world.channels = new Map(data.channels.map((channel) => [channel.id, { ...channel, messages: new Map(channel.messages.map((m) => [m.ts, m])) }]));
    world.private = new Map(data.private.map((note) => [note.ts, note]));
    world.statuses = new Map(data.statuses.map((status) => [key(status.channel, status.thread_ts), status]));
    world.sessions = new Map(data.sessions.map((session) => [key(session.channel, session.thread_ts), session.status]));
    world.titles = new Map(data.titles.map((title) => [key(title.channel, title.thread_ts), title.title]));
    world.modals = new Map(data.modals.map((view) => [view.id, view]));
    Object.assign(world, { prompts: data.prompts, homes: data.homes, examples: data.examples, shortcuts: data.shortcuts, connected: data.connected, online: true });
    introduce(world.people, world.channels);
  },
  message: ({ channel, data }) => world.channels.get(channel)?.messages.set(data.ts, data),
  private: ({ data }) => world.private.set(data.ts, data),
  deleted({ channel, data }) {
    world.private.delete(data.ts);
    const messages = world.channels.get(channel)?.messages;
    if (messages?.get(data.ts)?.subtype !== "tombstone") messages?.delete(data.ts);
  },
  status: ({ channel, data }) => (data.status ? world.statuses.set(key(channel, data.thread_ts), data) : world.statuses.delete(key(channel, data.thread_ts))),
  session: ({ channel, data }) => world.sessions.set(key(channel, data.thread_ts), data.status),
  title: ({ channel, data }) => world.titles.set(key(channel, data.thread_ts), data.title),
  prompts: ({ channel, data }) => (world.prompts[channel] = data),
  examples: ({ data }) => (world.examples = data.examples),
  home: ({ person, data }) => (world.homes[person] = data),
  modal: ({ data }) => world.modals.set(data.id, data),
  modal_closed: ({ data }) => world.modals.delete(data.id),
  connection: ({ data }) => (world.connected = data.connected),
};
