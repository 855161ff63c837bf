"use strict";
// Draws the page from the data in it. Text from files only ever becomes text: nothing here parses HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const rows = data.rows;
// Texts that begin as the one before them.
for (const key of ["path", "title", "artist"]) {
  const [shared, rests] = rows[key];
  let last = "";
  rows[key] = rests.map((rest, n) => (last = last.slice(0, shared[n]) + rest));
}
const count = rows.path.length;
// Less makes no chart that says something.
const FEWEST = 3;
const PAGE = 100, PRINTED = 2000, LISTED = 50;
// Of Okabe and Ito, made darker or lighter until each stands out on its ground.
const COLOURS = ["#0072b2", "#c98500", "#009e73", "#c9739f", "#d55e00", "#2e9bd6", "#857400"];
const COLOURS_IN_THE_DARK = ["#3d8fd1", "#e69f00", "#00b383", "#dd8fbb", "#e8702a", "#8ad0f5", "#b5a21a"];
const SHAPES = ["disc", "square", "triangle", "diamond", "cross", "ring", "plus", "down"];
// Columns that need little room, so that a long title or path cannot take it from the others.
const WIDTHS = { Status: "brief", Source: "brief", Tracks: "brief", Before: "short", After: "short", Code: "short", Score: "broad", Decide: "ask", Why: "wide" };
// In thousandths: the thresholds of a track by itself, and of tracks that are decided together.
const LIMITS = [...new Set([data.about.threshold, data.about.by === "track" ? data.about.threshold : data.about.unitThreshold].map((limit) => Math.round(limit * 1000)))];
// In the place of the best genre.
const SILENT = -1, NOT_ANALYSED = -2;
const FAILED = "failed";

const names = (n, column) => data.names[rows[column][n]];
const status = (n) => names(n, "status");
const genre = (place) => (place < 0 ? "" : data.genres[place]);
const percent = (score) => `${Math.min(99, Math.round(score / 10))}%`;
const silentOr = (place, text) => (place === SILENT ? "silent" : place === NOT_ANALYSED ? "" : text);
const heard = (n) => silentOr(rows.best[n], `${genre(rows.best[n])} ${percent(rows.score[n])}`);
const alone = (n) => silentOr(rows.own[n], `${genre(rows.own[n])} ${percent(rows.ownScore[n])}`);
// Whether other tracks of its album or artist have changed its scores.
const isPooled = (n) => rows.own[n] !== rows.best[n] || rows.ownScore[n] !== rows.score[n];
const source = (n) => names(n, "source") || (status(n) === FAILED ? "" : "tags");
const all = () => Array.from({ length: count }, (_, n) => n);
const number = new Intl.NumberFormat("en").format;
const plural = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;

const FILTERS = [
  ["all", "files", () => true],
  ["planned", "planned", (n) => status(n) === "planned"],
  ["unchanged", "unchanged", (n) => status(n) === "unchanged"],
  ["unsure", "unsure", (n) => status(n) === "unsure"],
  [FAILED, "failed", (n) => status(n) === FAILED],
  ["clash", "disagree", (n) => rows.clash[n] === 1],
  ["silent", "silent", (n) => rows.best[n] === SILENT],
  ["unread", "not analysed", (n) => rows.best[n] === NOT_ANALYSED && status(n) !== FAILED],
  ["decided", "decided here", (n) => decisions.effective.has(n)],
];

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const button = (text, onclick, attributes = {}) => el("button", { type: "button", onclick, ...attributes }, text);

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

// The score that decided, below it that of the track by itself where it is another, and a way to what its windows said.
function scores(n) {
  const score = isPooled(n) ? twoLines(heard(n), `by itself ${alone(n)}`) : heard(n);
  return withTimelines.has(n) ? el("div", {}, score, " ", el("a", { href: `#why-${n}`, class: "small" }, "why")) : score;
}

const withTimelines = new Set(data.timelines.map(({ row }) => row));
const scoresAsText = (n) => heard(n) + (isPooled(n) ? ` by its ${source(n)}, by itself ${alone(n)}` : "");

// How many items have each value, the commonest first.
function tally(items, value) {
  const counts = new Map();
  for (const item of items) counts.set(value(item), (counts.get(value(item)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

const listed = (counts) => counts.map(([name, files]) => `${name}\u00a0${number(files)}`);
const shortened = (parts) => parts.slice(0, 4).join(", ") + (parts.length > 4 ? `, ${parts.length - 4} more` : "");
