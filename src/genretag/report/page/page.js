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
const WIDTHS = { Status: "brief", Heard: "short", Has: "short", Likeliest: "short", Next: "short", Before: "short", After: "short", Code: "short" };
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
const all = () => Array.from({ length: count }, (_, n) => n);
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

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
    el("span", {}, part.toLocaleString("en"), el("span", { class: "unseen" }, ` ${word}`)));
  made.style.setProperty("--share", whole ? part / whole : 0);
  return made;
}

const column = (label, ...content) => el("th", { scope: "col", class: WIDTHS[label] ?? null }, ...content);

function table(heads, body) {
  return el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...heads.map((head) => column(head, head)))), el("tbody", {}, ...body));
}

function cells(heads, values) {
  return el("tr", {}, ...values.map((value, place) => el("td", { "data-label": heads[place] }, ...[value].flat())));
}

function track(n) {
  const artist = rows.artist[n] ? el("span", { class: "small", dir: "auto" }, ` by ${rows.artist[n]}`) : null;
  return el("span", {}, ...[el("span", { dir: "auto" }, rows.title[n]), artist].filter(Boolean));
}

function listed(found, heads, row, filter) {
  const most = found.slice(0, LISTED);
  const more = found.length > most.length
    ? el("p", {}, el("button", { type: "button", onclick: () => tracks.choose(filter) }, `Show all ${found.length.toLocaleString("en")} in the table`))
    : null;
  return el("div", {}, table(heads, most.map((n) => cells(heads, row(n)))), more);
}

function about() {
  const { roots, made, model, mode, threshold, skipped } = data.about;
  document.getElementById("about").textContent =
    `${roots.join(", ")}. Heard on ${made} by ${model}. "After" is what scan would leave with --policy ${mode} ` +
    `and the threshold ${threshold.toFixed(2)}; nothing was written.` +
    (skipped ? ` ${plural(skipped, "other file")} left out.` : "");
}

function numbers() {
  const items = FILTERS.map(([key, label, test]) =>
    el("li", {}, el("button", { type: "button", "data-filter": key, "aria-pressed": "false", onclick: () => tracks.choose(key) },
      el("b", {}, all().filter(test).length.toLocaleString("en")), label)));
  section("numbers", "Numbers", "Choose one to see these files in the table at the end.", el("ul", { class: "numbers" }, ...items));
}

function distribution() {
  const most = Math.max(1, ...data.distribution.flatMap(([, before, after]) => [before, after]));
  const body = data.distribution.map(([name, before, after]) =>
    el("tr", {}, el("th", { scope: "row", dir: "auto" }, name),
      el("td", {}, share(before, most, "old", "before"), share(after, most, "", "after"))));
  section("genres", "Genres before and after",
    "For each genre two bars: hatched, how many files have it now; filled, how many would have it after scan.",
    el("table", { class: "chart" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Genre"), el("th", { scope: "col" }, "Files before, files after"))), el("tbody", {}, ...body)));
}

function confidence() {
  const limit = Math.round(data.about.threshold * 1000);
  // Tenths, and one of them parted where the threshold lies.
  const edges = [...new Set([limit, ...Array.from({ length: 11 }, (_, n) => n * 100)])].sort((a, b) => a - b);
  const bins = Array(edges.length - 1).fill(0);
  for (const n of all()) if (rows.best[n] >= 0) bins[Math.min(bins.length - 1, edges.findLastIndex((edge) => edge <= rows.score[n]))] += 1;
  const most = Math.max(1, ...bins);
  const body = bins.map((files, bin) =>
    el("tr", { class: edges[bin + 1] === limit ? "limit" : null }, el("th", { scope: "row" }, `${edges[bin] / 10} to ${edges[bin + 1] / 10}%`),
      el("td", {}, share(files, most, "", "files")))).reverse();
  section("confidence", "How sure the model is",
    `Files by the score of their likeliest genre. Scores are calibrated: of many files with a score of 70%, about seven in ten should be right. The line is the threshold, ${data.about.threshold.toFixed(2)}: what lies below is not written.`,
    el("table", { class: "chart" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Score"), el("th", { scope: "col" }, "Files"))), el("tbody", {}, ...body)));
}

function disagreements() {
  const found = all().filter((n) => rows.clash[n]).sort((a, b) => rows.score[b] - rows.score[a]);
  const heads = ["Track", "Has", "Heard", "File"];
  section("disagreements", "Where the model disagrees",
    "Files whose genres do not include the one that the model is sure of, the surest first. Either may be right: listen.",
    found.length ? listed(found, heads, (n) => [track(n), names(n, "before"), heard(n), rows.path[n]], "clash") : el("p", {}, "Nowhere."));
}

function unsure() {
  const torn = all().filter((n) => rows.status[n] === STATUS.unsure).sort((a, b) => rows.score[a] - rows.score[b]);
  const silent = all().filter((n) => rows.status[n] === STATUS.silent).length;
  const heads = ["Track", "Likeliest", "Next", "File"];
  const next = (n) => (rows.next[n] < 0 ? "" : `${genre(rows.next[n])} ${percent(rows.nextScore[n])}`);
  section("unsure", "Where it is unsure, and why",
    `${plural(torn.length, "file")} below the threshold, the least sure first, and ${plural(silent, "file")} of nothing but silence. They are left as they are.`,
    torn.length ? listed(torn, heads, (n) => [track(n), heard(n), next(n), rows.path[n]], "unsure") : el("p", {}, "Nowhere."));
}

function failures() {
  const heads = ["File", "What went wrong", "What to do", "Code"];
  const told = (found) => table(heads, found.map(({ row, message, hint, code }) => cells(heads, [rows.path[row], message, hint, code])));
  const [first, rest] = [data.failures.slice(0, LISTED), data.failures.slice(LISTED, PRINTED)];
  const more = data.failures.length - PRINTED;
  section("failures", "What failed", "Files that could not be read or heard. They are left as they are.",
    first.length ? told(first) : el("p", {}, "Nothing."),
    ...(rest.length ? [el("details", {}, el("summary", {}, plural(rest.length, "more file")), told(rest))] : []),
    ...(more > 0 ? [el("p", {}, `And ${plural(more, "more file")}: see the table of all tracks.`)] : []));
}

function timelines() {
  const cards = data.timelines.map(({ row, starts, genres, scores }) => {
    const body = genres.map((name, place) => el("tr", {}, el("th", { scope: "row" }, name), ...scores[place].map((score) => {
      const made = el("td", { class: score >= 550 ? "heat strong" : "heat" }, percent(score).slice(0, -1));
      made.style.setProperty("--share", score / 1000);
      return made;
    })));
    const why = rows.clash[row] ? `has ${names(row, "before")}` : "unsure";
    return el("article", { class: "card" }, el("h3", {}, track(row)), el("div", { class: "small" }, why),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "from"), ...starts.map((start) => el("td", {}, start)))), el("tbody", {}, ...body)));
  });
  section("timelines", "What was heard when",
    "The most interesting tracks, window by window: per cent that the model gives each genre. First those it disagrees about, then those it is torn over.",
    cards.length ? el("div", { class: "cards" }, ...cards) : el("p", {}, "No track disagrees or is torn."));
}

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light");
const isDark = () => theme() === "dark" && !tracks.printing;
const palette = () => (isDark() ? COLOURS_IN_THE_DARK : COLOURS);

function shape(pen, colours, place, x, y, size) {
  pen.fillStyle = pen.strokeStyle = colours[place % colours.length];
  pen.lineWidth = Math.max(1.5, size / 3);
  const corners = (...points) => {
    pen.beginPath();
    points.forEach(([dx, dy], n) => pen[n ? "lineTo" : "moveTo"](x + dx * size, y + dy * size));
    pen.closePath();
    pen.fill();
  };
  const lines = (...points) => {
    pen.beginPath();
    for (const [ax, ay, bx, by] of points) { pen.moveTo(x + ax * size, y + ay * size); pen.lineTo(x + bx * size, y + by * size); }
    pen.stroke();
  };
  const round = () => { pen.beginPath(); pen.arc(x, y, size * 0.8, 0, 7); };
  ({
    disc: () => { round(); pen.fill(); },
    ring: () => { round(); pen.stroke(); },
    square: () => corners([-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]),
    triangle: () => corners([0, -1], [0.95, 0.75], [-0.95, 0.75]),
    down: () => corners([0, 1], [0.95, -0.75], [-0.95, -0.75]),
    diamond: () => corners([0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]),
    cross: () => lines([-0.8, -0.8, 0.8, 0.8], [-0.8, 0.8, 0.8, -0.8]),
    plus: () => lines([-1, 0, 1, 0], [0, -1, 0, 1]),
  })[SHAPES[place % SHAPES.length]]();
}

class Chart {
  constructor(points) {
    this.points = points;
    this.hidden = new Set();
    this.at = null;
    this.canvas = el("canvas", { tabindex: "0", role: "application", "aria-describedby": "named",
      "aria-label": "Map of the library. Arrow keys go to the nearest track, Enter finds it in the table." });
    this.named = el("p", { id: "named", class: "named", role: "status" }, "Point at a track, or move with the arrow keys.");
    this.canvas.addEventListener("pointermove", (event) => this.point(this.nearest(event)));
    this.canvas.addEventListener("click", (event) => this.open(this.nearest(event)));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.signs = [];
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  get shown() { return this.points.filter((n) => !this.hidden.has(rows.best[n])); }

  place(n) {
    const { width, height } = this.canvas, edge = 0.04;
    return [((rows.x[n] / 1000 + 1) / 2 * (1 - 2 * edge) + edge) * width, ((1 - rows.y[n] / 1000) / 2 * (1 - 2 * edge) + edge) * height];
  }

  draw() {
    const colours = palette();
    for (const [sign, place] of this.signs) {
      const pen = sign.getContext("2d");
      pen.clearRect(0, 0, 36, 36);
      shape(pen, colours, place, 18, 18, 12);
    }
    const scale = window.devicePixelRatio || 1;
    this.canvas.width = this.canvas.clientWidth * scale;
    this.canvas.height = this.canvas.clientHeight * scale;
    const pen = this.canvas.getContext("2d");
    const size = (this.points.length > 3000 ? 2.4 : 4.5) * scale;
    pen.globalAlpha = this.points.length > 3000 ? 0.7 : 1;
    for (const n of this.shown) shape(pen, colours, rows.best[n], ...this.place(n), size);
    if (this.at === null) return;
    pen.globalAlpha = 1;
    pen.strokeStyle = getComputedStyle(this.canvas).color;
    pen.lineWidth = 2 * scale;
    pen.beginPath();
    pen.arc(...this.place(this.at), 10 * scale, 0, 7);
    pen.stroke();
  }

  nearest(event) {
    const scale = this.canvas.width / this.canvas.clientWidth;
    const [x, y] = [event.offsetX * scale, event.offsetY * scale];
    return this.closest((n) => { const [px, py] = this.place(n); return Math.hypot(px - x, py - y); });
  }

  closest(distance) {
    let best = null, least = Infinity;
    for (const n of this.shown) { const far = distance(n); if (far < least) [best, least] = [n, far]; }
    return best;
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Enter" && this.at !== null) this.open(this.at);
    if (!step) return;
    event.preventDefault();
    if (this.at === null) return this.point(this.closest((n) => Math.hypot(rows.x[n], rows.y[n])));
    const [x, y] = this.place(this.at);
    // Ahead, and the nearer the better; what lies aside counts as farther away.
    const next = this.closest((n) => {
      const [px, py] = this.place(n), ahead = (px - x) * step[0] + (py - y) * step[1];
      return ahead > 0.5 ? ahead + 3 * Math.abs((px - x) * step[1] + (py - y) * step[0]) : Infinity;
    });
    if (next !== null) this.point(next);
  }

  point(n) {
    if (n === null || n === this.at) return;
    this.at = n;
    this.named.replaceChildren(track(n), el("br"), `${heard(n)}. ${rows.path[n]}`);
    this.draw();
  }

  open(n) { if (n !== null) { this.point(n); tracks.find(n); } }

  legend() {
    const used = data.genres.map((name, place) => [name, place, this.points.filter((n) => rows.best[n] === place).length]).filter(([, , files]) => files);
    return el("ul", { class: "legend" }, ...used.map(([name, place, files]) => {
      const sign = el("canvas", { width: "36", height: "36", "aria-hidden": "true" });
      this.signs.push([sign, place]);
      const box = el("input", { type: "checkbox", checked: "", onchange: () => {
        this.hidden[box.checked ? "delete" : "add"](place);
        this.draw();
      } });
      return el("li", {}, el("label", {}, box, sign, `${name} (${files.toLocaleString("en")})`));
    }));
  }
}

let chart = null;

function map() {
  const points = all().filter((n) => rows.x[n] !== null && rows.best[n] >= 0);
  const hint = "Each point is a track; near each other are those that the model's last layer hears alike (the two main components of its embeddings). Shape and colour say the likeliest genre. What the axes mean depends on the library.";
  if (points.length < 3) return section("map", "Map", hint, el("p", {}, "There is no map: it takes three tracks that were heard by a model that tells its embeddings."));
  chart = new Chart(points);
  section("map", "Map", hint, chart.named, el("div", { class: "map" }, el("div", {}, chart.canvas), chart.legend()));
  chart.draw();
}

const COLUMNS = [
  ["Title", (n) => rows.title[n], track],
  ["Status", (n) => rows.status[n], (n) => rows.status[n]],
  ["Heard", (n) => rows.score[n], heard],
  ["Before", (n) => names(n, "before"), (n) => names(n, "before")],
  ["After", (n) => names(n, "after"), (n) => names(n, "after")],
  ["File", (n) => rows.path[n], (n) => rows.path[n]],
];

const tracks = {
  filter: "all", words: "", column: null, falling: false, page: 0, found: [], searched: null, marked: null, printing: false,

  build() {
    this.search = el("input", { type: "search", id: "search", autocomplete: "off", oninput: () => { this.words = this.search.value; this.page = 0; this.update(); } });
    this.select = el("select", { id: "filter", onchange: () => this.choose(this.select.value, false) }, ...FILTERS.map(([key, label]) => el("option", { value: key }, key === "all" ? "all files" : label)));
    this.order = el("select", { id: "order", onchange: () => this.sort(Number(this.order.value)) }, el("option", { value: "-1" }, "as found"), ...COLUMNS.map(([label], place) => el("option", { value: String(place) }, label)));
    this.heads = COLUMNS.map(([label], place) => column(label, el("button", { type: "button", onclick: () => this.sort(place) }, label)));
    this.body = el("tbody");
    this.told = el("p", { role: "status", class: "small" });
    this.back = el("button", { type: "button", onclick: () => this.turn(-1) }, "Previous page");
    this.on = el("button", { type: "button", onclick: () => this.turn(1) }, "Next page");
    section("tracks", "All tracks", "Search in titles, artists, genres and paths; choose a heading to sort by it.",
      el("div", { class: "controls" }, el("label", { for: "search" }, "Search", this.search), el("label", { for: "filter" }, "Show", this.select), el("label", { for: "order" }, "Sort by", this.order)),
      this.told, el("table", { class: "rows" }, el("caption", {}, "Files of the library"), el("thead", {}, el("tr", {}, ...this.heads)), this.body),
      el("div", { class: "pages" }, this.back, this.on));
    this.update();
  },

  choose(filter, move = true) {
    this.filter = this.select.value = filter;
    this.page = 0;
    this.update();
    if (!move) return;
    const at = document.getElementById("tracks");
    at.tabIndex = -1;
    at.focus({ preventScroll: true });
    at.scrollIntoView();
  },

  sort(place) {
    this.falling = this.column === place && !this.falling;
    this.column = place < 0 ? null : place;
    this.order.value = String(place);
    this.page = 0;
    this.update();
  },

  turn(step) { this.page += step; this.update(); document.getElementById("tracks").scrollIntoView(); },

  find(n) {
    this.words = this.search.value = "";
    this.filter = this.select.value = "all";
    this.marked = n;
    this.update();
    this.page = Math.floor(this.found.indexOf(n) / PAGE);
    this.update();
    const row = this.body.querySelector(".found");
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  },

  print(printing) {
    this.printing = printing;
    this.update();
    if (chart) chart.draw();
    for (const more of document.querySelectorAll("details")) more.open = printing;
  },

  matches() {
    // Lower case of everything, made once, when somebody first searches.
    this.searched ??= all().map((n) => [rows.title[n], rows.artist[n], rows.path[n], names(n, "before"), names(n, "after"), genre(rows.best[n])].join("\n").toLowerCase());
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const [, , test] = FILTERS.find(([key]) => key === this.filter);
    return all().filter((n) => test(n) && words.every((word) => this.searched[n].includes(word)));
  },

  sorted(found) {
    if (this.column === null) return found;
    const [, value] = COLUMNS[this.column], sign = this.falling ? -1 : 1;
    const order = new Intl.Collator(undefined, { numeric: true });
    return found.sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      return sign * (typeof one === "number" ? one - other : order.compare(one, other)) || a - b;
    });
  },

  // On paper nothing else says it.
  asked() {
    const [, label] = FILTERS.find(([key]) => key === this.filter);
    return (this.filter === "all" ? "" : `, ${label}`) + (this.words.trim() ? `, with “${this.words.trim()}”` : "");
  },

  update() {
    this.found = this.sorted(this.matches());
    const pages = Math.max(1, Math.ceil(this.found.length / PAGE));
    this.page = Math.max(0, Math.min(this.page, pages - 1));
    const first = this.printing ? 0 : this.page * PAGE;
    const part = this.found.slice(first, first + (this.printing ? PRINTED : PAGE));
    const labels = COLUMNS.map(([label]) => label);
    this.body.replaceChildren(...part.map((n) => {
      const made = cells(labels, COLUMNS.map(([, , show]) => show(n)));
      if (n === this.marked) made.className = "found";
      return made;
    }));
    this.heads.forEach((head, place) => head.setAttribute("aria-sort", place !== this.column ? "none" : this.falling ? "descending" : "ascending"));
    this.told.textContent = plural(this.found.length, "file") + this.asked() +
      (part.length < this.found.length ? `, ${first + 1} to ${first + part.length} shown` : "");
    this.back.disabled = this.page === 0;
    this.on.disabled = this.page === pages - 1;
    for (const button of document.querySelectorAll("[data-filter]")) button.setAttribute("aria-pressed", String(button.dataset.filter === this.filter));
  },
};

function themes() {
  const button = document.getElementById("theme");
  const changed = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; if (chart) chart.draw(); };
  button.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; changed(); });
  prefersDark.addEventListener("change", changed);
  changed();
}

about();
numbers();
distribution();
confidence();
disagreements();
unsure();
failures();
timelines();
map();
tracks.build();
themes();
addEventListener("beforeprint", () => tracks.print(true));
addEventListener("afterprint", () => tracks.print(false));
document.documentElement.dataset.drawn = "yes";
