// Block Kit as the bot uses it. What is not drawn here is named, so that nobody takes it for shown.

import { icon, link, make } from "./dom.js";
import { markdown } from "./markdown.js";
import { mrkdwn, plain } from "./mrkdwn.js";

const textOf = (object) => (object?.type === "mrkdwn" ? mrkdwn(object.text) : [plain(object?.text ?? "")]);

// Draws blocks; press(action_id, value, element) is called when something is used.
export function drawBlocks(blocks, press) {
  return blocks.map((block) => {
    const draw = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
    let inside;
    try {
      inside = draw(block, press);
    } catch (error) {
      console.warn("A block is not as Slack describes it.", error);
      inside = unknown(block);
    }
    return make("div", { class: `block ${block.type}` }, inside);
  });
}

const BLOCKS = {
  markdown: (block) => markdown(block.text),
  header: (block) => make("p", { class: "heading level-2", role: "heading", ariaLevel: "3" }, textOf(block.text)),
  divider: () => make("hr"),
  section: (block, press) => [
    make("div", { class: "words" }, block.text ? textOf(block.text) : [], (block.fields ?? []).map((field) => make("div", { class: "field" }, textOf(field)))),
    block.accessory && drawElement(block.accessory, press),
  ],
  context: (block) => block.elements.map((element) => (element.type === "image" ? picture(element) : make("span", {}, textOf(element)))),
  actions: (block, press) => block.elements.map((element) => drawElement(element, press)),
  context_actions: (block, press) => block.elements.map((element) => drawElement(element, press)),
  image: (block) => picture(block),
  rich_text: (block) => block.elements.map(richText),
  table: (block) => make("div", { class: "wide" }, make("table", {}, make("tbody", {}, block.rows.map((row) => make("tr", {}, row.map((cell) => make("td", {}, cell.type === "rich_text" ? cell.elements.map(richText) : plain(cell.text ?? "")))))))),
  input: (block, press) => inputBlock(block, press),
};

const unknown = (block) => make("em", { class: "muted" }, `(a ${block.type} block, which the playground does not draw)`);

// Pictures live elsewhere and the page loads nothing from elsewhere: a link stands for them.
const picture = (image) => link(image.image_url ?? "", `[${image.alt_text ?? "picture"}]`);

function richText(part) {
  const inner = (part.elements ?? []).map(richText);
  if (part.type === "rich_text_list") return make(part.style === "ordered" ? "ol" : "ul", {}, inner.map((item) => make("li", {}, item)));
  if (part.type === "rich_text_preformatted") return make("pre", {}, make("code", {}, inner));
  if (part.type === "rich_text_quote") return make("blockquote", {}, inner);
  if (part.elements) return make("p", {}, inner);
  if (part.type === "link") return link(part.url, part.text ?? part.url);
  if (part.type === "user") return mrkdwn(`<@${part.user_id}>`)[0];
  const word = plain(part.type === "emoji" ? `:${part.name}:` : part.text ?? "");
  const style = part.style ?? {};
  return style.code ? make("code", {}, word) : style.bold ? make("strong", {}, word) : style.italic ? make("em", {}, word) : word;
}

export function drawElement(element, press) {
  if (element.type === "button") return button(element, press);
  if (element.type === "feedback_buttons") return feedback(element, press);
  if (element.type === "icon_button") return make("button", { type: "button", class: "key", onclick: () => press(element.action_id, element.value) }, textOf(element.text));
  if (element.type === "overflow" || element.type === "static_select") return menu(element, press);
  if (element.type === "radio_buttons" || element.type === "checkboxes") return choices(element, press);
  return unknown(element);
}

function button(element, press) {
  const used = () => {
    if (element.confirm && !window.confirm(plain(element.confirm.text.text))) return;
    press(element.action_id, element.value ?? null);
  };
  const key = make("button", { type: "button", class: `key ${element.style ?? ""}`, "data-action": element.action_id, onclick: used }, textOf(element.text));
  return element.url ? make("span", { class: "key-link", onclick: used }, link(element.url, textOf(element.text))) : key;
}

function feedback(element, press) {
  const side = (half, sign) => make("button", {
    type: "button", class: "thumb", title: plain(half.text.text), ariaLabel: plain(half.accessibility_label ?? half.text.text), ariaPressed: "false",
    "data-action": element.action_id,
    onclick: (event) => {
      for (const other of event.currentTarget.parentNode.children) other.ariaPressed = String(other === event.currentTarget);
      press(element.action_id, half.value ?? half.text.text);
    },
  }, sign);
  return make("span", { class: "thumbs" }, side(element.positive_button, icon("up")), side(element.negative_button, icon("down")));
}

const optionsOf = (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);

function menu(element, press) {
  const chosen = element.initial_option?.value ?? "";
  const options = optionsOf(element).map((option) => make("option", { value: option.value, selected: option.value === chosen }, plain(option.text.text)));
  const label = plain(element.placeholder?.text ?? (element.type === "overflow" ? "⋯" : "Choose"));
  return make("select", { ariaLabel: label, name: element.action_id, onchange: (event) => event.target.value && press(element.action_id, event.target.value) },
    make("option", { value: "" }, label), options);
}

function choices(element, press) {
  const kind = element.type === "checkboxes" ? "checkbox" : "radio";
  const first = (element.initial_options ?? [element.initial_option]).map((option) => option?.value);
  return make("span", { class: "choices" }, optionsOf(element).map((option) => make("label", {},
    make("input", { type: kind, name: element.action_id, value: option.value, checked: first.includes(option.value), onchange: () => press(element.action_id, option.value) }),
    make("span", {}, textOf(option.text), option.description && make("small", {}, textOf(option.description))))));
}

function inputBlock(block, press) {
  const element = block.element;
  const quiet = block.dispatch_action ? press : () => {};
  const long = element.multiline || element.type === "rich_text_input";
  const field = element.type.endsWith("_input")
    ? make(long ? "textarea" : "input", { name: element.action_id, value: element.initial_value ?? "", placeholder: plain(element.placeholder?.text ?? ""), required: !block.optional, maxLength: element.max_length ?? 3000 })
    : drawElement(element, quiet);
  const grouped = field.classList.contains("choices");
  return make(grouped ? "div" : "label", { class: "field" }, make("span", { class: "label" }, textOf(block.label), block.optional && make("small", {}, " (optional)")),
    field, block.hint && make("small", {}, textOf(block.hint)), make("small", { class: "wrong", role: "alert", "data-wrong": block.block_id }));
}
