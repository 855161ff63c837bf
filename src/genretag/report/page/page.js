"use strict";
// Draws the page from the data in it. Text from files only ever becomes text: nothing here parses HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const rows = data.rows;
const count = rows.path.length;
const PAGE = 100, PRINTED = 2000, LISTED = 50;
// Of Okabe and Ito, made darker or lighter until each stands out on its ground.
const COLOURS = ["#0072b2", "#c98500", "#009e73", "#c9739f", "#d55e00", "#2e9bd6", "#857400"];
const COLOURS_IN_THE_DARK = ["#3d8fd1", "#e69f00", "#00b383", "#dd8fbb", "#e8702a", "#8ad0f5", "#b5a21a"];
const SHAPES = ["disc", "square", "triangle", "diamond", "cross", "ring", "plus", "down"];
// Columns that need little room, so that a long title or path cannot take it from the others.
const WIDTHS = { Status: "brief", Source: "brief", Tracks: "brief", Has: "short", Next: "short", Before: "short", After: "short", Code: "short", Score: "broad", Why: "broad" };
// In thousandths: the thresholds of a track by itself, and of tracks that are decided together.
const LIMITS = [...new Set([data.about.threshold, data.about.by === "track" ? data.about.threshold : data.about.unitThreshold].map((limit) => Math.round(limit * 1000)))];
const STATUS = { sure: "sure", unsure: "unsure", silent: "silent", failed: "failed" };

const FILTERS = [
  ["all", "files", () => true],
  ["changed", "would change", (n) => rows.before[n] !== rows.after[n]],
  ["sure", "sure", (n) => rows.status[n] === STATUS.sure],
  ["unsure", "unsure", (n) => rows.status[n] === STATUS.unsure],
  ["clash", "disagree", (n) => rows.clash[n] === 1],
  ["silent", "silent", (n) => rows.status[n] === STATUS.silent],
  ["failed", "failed", (n) => rows.status[n] === STATUS.failed],
];

const names = (n, column) => data.names[rows[column][n]];
const genre = (place) => (place < 0 ? "" : data.genres[place]);
const percent = (score) => `${Math.min(99, Math.round(score / 10))}%`;
const heard = (n) => (rows.best[n] < 0 ? "" : `${genre(rows.best[n])} ${percent(rows.score[n])}`);
const alone = (n) => (rows.own[n] < 0 ? "silent" : `${genre(rows.own[n])} ${percent(rows.ownScore[n])}`);
// Whether other tracks of its album or artist have changed its scores.
const isPooled = (n) => rows.own[n] !== rows.best[n] || rows.ownScore[n] !== rows.score[n];
const source = (n) => names(n, "source") || (rows.status[n] === STATUS.failed ? "" : "tags");
const all = () => Array.from({ length: count }, (_, n) => n);
const number = new Intl.NumberFormat("en").format;
const plural = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function section(id, title, hint, ...content) {
  document.getElementById("contents").append(el("li", {}, el("a", { href: `#${id}` }, title)));
  const made = el("section", { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title), el("p", { class: "hint" }, hint), ...content);
  document.getElementById("main").append(made);
}

function share(part, whole, kind = "", word = "") {
  const made = el("div", { class: `share ${kind} ${part ? "" : "none"}` }, el("i", { "aria-hidden": "true" }),
    el("span", {}, number(part), el("span", { class: "unseen" }, ` ${word}`)));
  made.style.setProperty("--share", whole ? part / whole : 0);
  return made;
}

const column = (label, ...content) => el("th", { scope: "col", class: WIDTHS[label] ?? null }, ...content);

function table(heads, body) {
  return el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...heads.map((head) => column(head, head)))), el("tbody", {}, ...body));
}

function cells(heads, values) {
  return el("tr", {}, ...values.map((value, place) => el("td", { "data-label": heads[place] }, value)));
}

function track(n) {
  const artist = rows.artist[n] ? el("span", { class: "small", dir: "auto" }, ` by ${rows.artist[n]}`) : null;
  return el("span", {}, ...[el("span", { dir: "auto" }, rows.title[n]), artist].filter(Boolean));
}

const twoLines = (first, second) => el("div", {}, el("div", {}, first), el("div", { class: "small" }, second));

// The score that decided, and below it that of the track by itself where it is another.
function scores(n) {
  return isPooled(n) ? twoLines(heard(n), `by itself ${alone(n)}`) : heard(n);
}

const scoresAsText = (n) => heard(n) + (isPooled(n) ? ` by its ${source(n)}, by itself ${alone(n)}` : "");

function listed(found, heads, row, filter) {
  const most = found.slice(0, LISTED);
  const more = found.length > most.length
    ? el("p", {}, el("button", { type: "button", onclick: () => tracks.choose(filter) }, `Show all ${number(found.length)} in the table`))
    : null;
  return el("div", {}, table(heads, most.map((n) => cells(heads, row(n)))), more);
}
