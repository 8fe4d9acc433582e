// The App Home and modal forms.

import { drawBlocks } from "./blocks.js";
import { byId, make } from "./dom.js";
import { act, world } from "./line.js";
import { plain } from "./mrkdwn.js";

const pressIn = (me, view) => (action_id, value) => act("press_in_view", { person: me, view_id: view.id, action_id, value });

// Draws me's App Home into its room.
export function drawHome(me) {
  const view = world.homes[me];
  const inside = view ? drawBlocks(view.blocks, pressIn(me, view)) : [make("p", { class: "muted" }, "The app has not published a Home for you yet.")];
  byId("home").replaceChildren(make("div", { class: "home" }, inside));
}

// Shows me's topmost modal, or none; a form being filled in is left alone.
export function drawModal(me) {
  const dialog = byId("modal");
  const view = [...world.modals.values()].filter((modal) => modal.for === me).at(-1);
  if (!view) {
    dialog.dataset.view = "";
    if (dialog.open) dialog.close();
    return;
  }
  const look = `${view.id} ${view.hash}`;
  if (dialog.dataset.view === look) return;
  dialog.dataset.view = look;
  const close = () => act("close_modal", { person: me, view_id: view.id });
  const form = make("form", { method: "dialog", onsubmit: (event) => {
    event.preventDefault();
    form.querySelectorAll("[data-wrong]").forEach((place) => (place.textContent = ""));
    act("submit", { person: me, view_id: view.id, value: filled(form) });
  } },
    make("header", {}, make("h1", {}, plain(view.title.text)), make("button", { type: "button", class: "plain", ariaLabel: "Close", onclick: close }, "✕")),
    make("div", { class: "inside" }, drawBlocks(view.blocks, pressIn(me, view))),
    make("footer", {},
      make("button", { type: "button", class: "key", onclick: close }, plain(view.close?.text ?? "Cancel")),
      view.submit && make("button", { type: "submit", class: "send" }, plain(view.submit.text))));
  dialog.replaceChildren(form);
  dialog.oncancel = (event) => {
    event.preventDefault();
    close();
  };
  if (!dialog.open) dialog.showModal();
}

// Says at its field what the app found wrong.
export function showErrors(errors) {
  for (const [block, text] of Object.entries(errors)) {
    const place = [...byId("modal").querySelectorAll("[data-wrong]")].find((node) => node.dataset.wrong === block);
    if (place) place.textContent = plain(String(text));
  }
}

function filled(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") values[field.name] = [...(values[field.name] ?? []), ...(field.checked ? [field.value] : [])];
    else if (field.type !== "radio" || field.checked) values[field.name] = field.value;
  }
  return values;
}
