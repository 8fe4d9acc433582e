// The only place that makes elements. Text always goes in as text, so nothing anyone wrote can become markup.

export function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  up: "M5 9v8H2V9h3zm2 0 3.5-7c1.5 0 2.3 1 2 2.5L12 8h4.5c1 0 1.7 1 1.4 2l-1.7 5.6c-.2.8-.9 1.4-1.7 1.4H7z",
  eye: "M10 4c4 0 7 3.5 8.5 6-1.5 2.5-4.5 6-8.5 6s-7-3.5-8.5-6C3 7.5 6 4 10 4zm0 3a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
};
PATHS.down = PATHS.up;

// A small picture in the colour of the text around it.
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon ${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

const OUTWARD = /^(https?|mailto):/i;

// A link that opens aside and tells the other site nothing; what is no web address stays text.
export function link(address, ...children) {
  if (!OUTWARD.test(address)) return make("span", { title: address }, ...children);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

export const byId = (id) => document.getElementById(id);

const HUES = [174, 262, 22, 330, 205, 95];

// A person's picture: the first letter on a colour of their own.
export function avatar(person, size = "") {
  if (person.bot) return make("img", { class: `avatar ${size}`, src: "/page/icon.svg", alt: "" });
  const hue = HUES[[...person.id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % HUES.length];
  const letter = [...person.real_name][0].toUpperCase();
  return make("span", { class: `avatar hue-${hue} ${size}`, ariaHidden: "true" }, letter);
}

export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
