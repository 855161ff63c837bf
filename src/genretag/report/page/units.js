// Albums and artists, or single tracks: first those where one decision settles most tracks.

const limitOf = (unit) => 1000 * (unit.kind === "track" || data.about.by === "track" ? data.about.threshold : data.about.unitThreshold);
const inTags = (unit) => shortened(listed(tally(unit.members.filter((n) => rows.before[n]), (n) => names(n, "before"))));
const unsureOf = (unit) => unit.members.filter((n) => status(n) === "unsure").length;

const REASONS = {
  tags: (unit) => `tags differ: ${inTags(unit)}`,
  sound: (unit) => `sounds like ${genre(unit.sound)} ${percent(unit.soundScore)}${unit.reasons.includes("tags") ? "" : `, tags say ${inTags(unit)}`}`,
  apart: () => "some tracks keep another genre",
  below: (unit) => `${genre(unit.best)} ${percent(unit.score)} is just below ${percent(limitOf(unit))}`,
  close: (unit) => `${genre(unit.best)} ${percent(unit.score)} and ${genre(unit.next)} ${percent(unit.nextScore)} are nearly equal`,
  unsure: (unit) => (unit.best < 0 ? "nothing but silence"
    : unit.score < limitOf(unit) ? `best is ${genre(unit.best)} ${percent(unit.score)}, ${percent(limitOf(unit))} is needed`
      : `${plural(unsureOf(unit), "track")} without a genre`),
};

const units = new class extends Listing {
  constructor() {
    const counted = (u, column) => shortened(this.counted(u, column));
    const todo = (u) => this.list.reasons[u].length > 0 && this.list.settled[u] !== 0;
    super("units", "album", [25, 10], [
      ["Name", (u) => this.name(u), (u) => this.opener(u)],
      ["Why", (u) => u, (u) => this.why(u)],
      ["Tracks", (u) => this.list.members[u].length, (u) => this.settles(u)],
      ["Before", (u) => counted(u, "before"), (u) => counted(u, "before")],
      ["After", (u) => counted(u, "after"), (u) => counted(u, "after")],
      ["Decide", null, (u) => decide(`${this.by} ${u}`, guessesOf(this.list, u), this.name(u))],
    ], [
      ["todo", "to decide", todo],
      ["open", "not decided yet", (u) => todo(u) && !this.isDecided(u)],
      ["decided", "decided here", (u) => this.isDecided(u)],
      ["contradictory", "contradictory", (u) => this.list.contradicts[u] === 1],
      ["doubtful", "doubtful", (u) => !this.list.contradicts[u] && this.list.reasons[u].length > 0],
      ["planned", "would change", (u) => this.list.members[u].some((n) => status(n) === "planned")],
      ["all", "of them", () => true],
    ]);
    this.by = this.first = data.about.by === "artist" ? "artist" : "album";
    this.opened = new Set();
  }

  get list() { return data.units[this.by]; }

  items() { return this.list.name.map((_, u) => u); }

  texts(u) { return [this.name(u), this.place(u), this.reasons(u).join("; "), ...["before", "after"].flatMap((column) => this.counted(u, column))]; }

  build() {
    const offered = ["album", "artist"];
    this.switch = el("select", { id: "units-by", onchange: () => this.group(this.switch.value) }, ...offered.map((by) => el("option", { value: by }, by)));
    super.build("What to decide",
      "First what settles most tracks with one decision: what contradicts itself, and what the model is unsure of. Choose a name to see its tracks. Take one of the likeliest genres or type another, several with ; between. Nothing is written: export what you decided at the end, and run genretag apply.",
      "Albums or artists, and tracks of neither", "settles most",
      el("label", { for: "units-by" }, "Group by", this.switch));
  }

  group(by) {
    this.regroup(by);
    this.restart();
    this.remember();
  }

  regroup(by) {
    if (by === this.by) return;
    this.by = by;
    this.searched = null;
    this.opened.clear();
  }

  get state() { return [...super.state, ...(this.by === this.first ? [] : [["by", this.by]])]; }

  restore(get) {
    this.regroup(get("by") in data.units ? get("by") : this.first);
    super.restore(get);
  }

  update() {
    this.word = this.by;
    this.switch.value = this.by;
    super.update();
  }

  counted(u, column) {
    const counts = tally(this.list.members[u], (n) => names(n, column) || "no genre");
    return this.list.kind[u] === "track" ? counts.map(([name]) => name) : listed(counts);
  }

  isDecided(u) { return decisions.rowsOf(`${this.by} ${u}`).every((n) => decisions.effective.has(n)); }

  // The row of a unit as an object.
  unit(u) { return Object.fromEntries(Object.entries(this.list).map(([key, column]) => [key, column[u]])); }

  name(u) {
    const { kind, name, members: [first] } = this.unit(u);
    return kind === "track" ? rows.title[first] : name;
  }

  settles(u) {
    const members = this.list.members[u].length, settled = this.list.settled[u];
    return Array.isArray(settled) ? twoLines(number(members), `${number(settled.length)} to decide`) : number(members);
  }

  reasons(u) { return this.list.reasons[u].map((reason) => REASONS[reason](this.unit(u))); }

  why(u) {
    const { members, contradicts, reasons, best } = this.unit(u);
    if (!reasons.length) return "";
    const told = shortened(listed(tally(members, (n) => (rows.own[n] < 0 ? silentOr(rows.own[n], "") || "not analysed" : genre(rows.own[n])))));
    return el("div", {}, contradicts ? el("span", { class: "warn" }, "contradictory") : "doubtful",
      ...this.reasons(u).map((reason) => el("div", { class: "small" }, reason)),
      members.length > 1 && best >= 0 ? el("div", { class: "small" }, `tracks by themselves: ${told}`) : null);
  }

  // What tells albums of one name apart.
  place(u) {
    const { kind, members } = this.unit(u);
    if (kind === "track") return rows.path[members[0]];
    const songs = kind === this.by ? "" : `songs by one ${kind} in `;
    return this.by === "artist" ? "" : songs + rows.path[members[0]].split(/[/\\]/).slice(0, -1).join("/");
  }

  opener(u) {
    const { kind, members: [first] } = this.unit(u);
    const name = kind === "track" ? track(first) : el("span", { dir: "auto" }, this.name(u));
    return twoLines(button(name, () => {}, { class: "opener", "aria-expanded": String(this.opened.has(u)) }), this.place(u));
  }

  render(u) {
    const [made] = super.render(u);
    made.className = "unit";
    // The button is for keys; a click anywhere in the row does the same, but one that selects text.
    made.addEventListener("click", (event) => {
      if (event.target.closest("button") || !getSelection().toString()) this.toggle(u, made);
    });
    return this.opened.has(u) ? [made, this.members(u)] : [made];
  }

  toggle(u, made) {
    const opens = !this.opened.has(u);
    this.opened[opens ? "add" : "delete"](u);
    if (opens) made.after(this.members(u));
    else made.nextSibling.remove();
    made.querySelector(".opener").setAttribute("aria-expanded", String(opens));
  }

  members(u) {
    const heads = ["Track", "Before", "After", "Score", "Source", "File", "Decide"];
    const found = this.list.members[u], more = found.length - PRINTED;
    const body = found.slice(0, PRINTED).map((n) => cells(heads, [track(n), names(n, "before"), names(n, "after"), scores(n), source(n), rows.path[n], decideTrack(n)]));
    return el("tr", { class: "members" }, el("td", { colspan: String(this.columns.length) },
      table(heads, body), more > 0 ? el("p", {}, `And ${plural(more, "more file")}: see the table of all tracks.`) : null));
  }
}();
