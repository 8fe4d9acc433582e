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
