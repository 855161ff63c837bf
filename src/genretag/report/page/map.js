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
    this.named.replaceChildren(track(n), el("br"), `${scoresAsText(n)}. ${rows.path[n]}`);
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
      return el("li", {}, el("label", {}, box, sign, `${name} (${number(files)})`));
    }));
  }
}

let chart = null;

function map() {
  if (count < FEWEST) return;
  const points = all().filter((n) => rows.x[n] !== null && rows.best[n] >= 0);
  const hint = "Each point is a track; near each other are those that the model's last layer hears alike (the two main components of its embeddings). Shape and colour say the likeliest genre. What the axes mean depends on the library.";
  if (points.length < FEWEST) return void section("map", "Map", hint, el("p", {}, "There is no map: it takes three tracks that were heard by a model that tells its embeddings."));
  chart = new Chart(points);
  section("map", "Map", hint, chart.named, el("div", { class: "map" }, el("div", {}, chart.canvas), chart.legend()));
  chart.draw();
}
