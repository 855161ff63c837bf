function about() {
  const { roots, made, model, mode, by, threshold, unitThreshold, skipped } = data.about;
  const others = LIMITS.length > 1 ? ` (${unitThreshold.toFixed(2)} for scores of several tracks together)` : "";
  document.getElementById("about").textContent =
    `${roots.join(", ")}. Analysed on ${made} by ${model}. "After" is what scan would leave with --policy ${mode}, --by ${by} ` +
    `and the threshold ${threshold.toFixed(2)}${others}; nothing was written.` +
    (skipped ? ` ${plural(skipped, "other file")} left out.` : "");
}

function numbers() {
  const items = FILTERS.map(([key, label, test]) =>
    el("li", {}, el("button", { type: "button", "data-filter": key, "aria-pressed": "false", onclick: () => tracks.choose(key) },
      el("b", {}, number(all().filter(test).length)), label)));
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
  // Tenths, and those parted in which a threshold lies.
  const edges = [...new Set([...LIMITS, ...Array.from({ length: 11 }, (_, n) => n * 100)])].sort((a, b) => a - b);
  const bins = Array(edges.length - 1).fill(0);
  for (const n of all()) if (rows.best[n] >= 0) bins[Math.min(bins.length - 1, edges.findLastIndex((edge) => edge <= rows.score[n]))] += 1;
  const most = Math.max(1, ...bins);
  const body = bins.map((files, bin) =>
    el("tr", { class: LIMITS.includes(edges[bin + 1]) ? "limit" : null }, el("th", { scope: "row" }, `${edges[bin] / 10} to ${edges[bin + 1] / 10}%`),
      el("td", {}, share(files, most, "", "files")))).reverse();
  const { threshold, unitThreshold } = data.about;
  const lines = LIMITS.length > 1
    ? `The lines are the thresholds, ${threshold.toFixed(2)} for a track by itself and ${unitThreshold.toFixed(2)} for scores of several tracks together`
    : `The line is the threshold, ${threshold.toFixed(2)}`;
  section("confidence", "How sure the model is",
    `Files by the score of their likeliest genre, or of the family of genres that is sure where none is. Scores are calibrated: of many files with a score of 70%, about seven in ten should be right. ${lines}: what lies below is not written.`,
    el("table", { class: "chart" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Score"), el("th", { scope: "col" }, "Files"))), el("tbody", {}, ...body)));
}

function disagreements() {
  const found = all().filter((n) => rows.clash[n]).sort((a, b) => rows.score[b] - rows.score[a]);
  const heads = ["Track", "Has", "Score", "File"];
  section("disagreements", "Where the model disagrees",
    "Files whose genres do not include the one that the model is sure of, the surest first. Either may be right: listen.",
    found.length ? listed(found, heads, (n) => [track(n), names(n, "before"), scores(n), rows.path[n]], "clash") : el("p", {}, "Nowhere."));
}

function unsure() {
  const torn = all().filter((n) => rows.status[n] === STATUS.unsure).sort((a, b) => rows.score[a] - rows.score[b]);
  const silent = all().filter((n) => rows.status[n] === STATUS.silent).length;
  const heads = ["Track", "Likeliest", "Next", "File"];
  const next = (n) => (rows.next[n] < 0 ? "" : `${genre(rows.next[n])} ${percent(rows.nextScore[n])}`);
  section("unsure", "Where it is unsure, and why",
    `${plural(torn.length, "file")} below the threshold, the least sure first, and ${plural(silent, "file")} of nothing but silence. They are left as they are.`,
    torn.length ? listed(torn, heads, (n) => [track(n), scores(n), next(n), rows.path[n]], "unsure") : el("p", {}, "Nowhere."));
}

function failures() {
  const heads = ["File", "What went wrong", "What to do", "Code"];
  const told = (found) => table(heads, found.map(({ row, message, hint, code }) => cells(heads, [rows.path[row], message, hint, code])));
  const [first, rest] = [data.failures.slice(0, LISTED), data.failures.slice(LISTED, PRINTED)];
  const more = data.failures.length - PRINTED;
  section("failures", "What failed", "Files that could not be read or analysed. They are left as they are.",
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
    return el("article", { class: "card" }, el("h3", {}, track(row)), el("div", { class: "small" }, `${why}: ${scoresAsText(row)}`),
      el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "from"), ...starts.map((start) => el("td", {}, start)))), el("tbody", {}, ...body)));
  });
  section("timelines", "Scores over time",
    "The most interesting tracks, window by window: per cent that the model gives each genre. First those it disagrees about, then those it is torn over.",
    cards.length ? el("div", { class: "cards" }, ...cards) : el("p", {}, "No track disagrees or is torn."));
}
