function about() {
  const { roots, made, model, mode, by, threshold, unitThreshold, skipped, uncalibrated } = data.about;
  const others = LIMITS.length > 1 ? ` (${unitThreshold.toFixed(2)} for scores of several tracks together)` : "";
  const where = roots.join(", ");
  document.getElementById("about").textContent = count
    ? `${where}. Analysed on ${made} by ${model}. "After" is what scan would leave with --policy ${mode}, --by ${by} and the threshold ${threshold.toFixed(2)}${others}; nothing was written.${uncalibrated && ` ${uncalibrated}`}`
    : `No music was found in ${where} on ${made}. ${skipped ? `${plural(skipped, "other file")} left out.` : "There are no files at all, or they are hidden."}`;
}

function numbers() {
  const tile = ([key, label, test]) => {
    const found = all().filter(test).length;
    return el("li", {}, el("button", { type: "button", "data-filter": key, "aria-pressed": "false", onclick: () => tracks.choose(key) },
      el("b", {}, number(found)), key === "all" && found === 1 ? "file" : label));
  };
  const tiles = (keys) => FILTERS.filter(([key]) => keys.includes(key)).map(tile);
  const skipped = el("li", {}, el("div", {}, el("b", {}, number(data.about.skipped)), "skipped"));
  const odd = ["clash", "silent", "unread"].filter((key) => all().some(FILTERS.find(([one]) => one === key)[2]));
  section("numbers", "Numbers",
    "As scan --dry-run counts them: what is planned would get genres, what is unsure would be left to you. Choose a number to see its files in the table at the end." +
      (odd.length ? " What comes after the skipped ones is counted among the others too." : ""),
    el("ul", { class: "numbers" }, ...tiles(["all", "planned", "unchanged", "unsure", FAILED]), skipped, ...tiles(odd)));
}

const SHOWN = 20;

function distribution() {
  if (count < FEWEST) return;
  const most = Math.max(1, ...data.distribution.flatMap(([, before, after]) => [before, after]));
  const row = ([name, before, after]) => el("tr", {}, el("th", { scope: "row", dir: "auto" }, name),
    el("td", {}, share(before, most, "old", "before"), share(after, most, "", "after")));
  const chart = (found) => el("table", { class: "chart" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Genre"), el("th", { scope: "col" }, "Files before, files after"))), el("tbody", {}, ...found.map(row)));
  const [shown, rest] = [data.distribution.slice(0, SHOWN), data.distribution.slice(SHOWN)];
  section("genres", "Genres before and after",
    "For each genre two bars: hatched, how many files have it now; filled, how many would have it after scan.",
    chart(shown), ...(rest.length ? [el("details", {}, el("summary", {}, plural(rest.length, "more genre")), chart(rest))] : []));
}

function confidence() {
  const scored = all().filter((n) => rows.best[n] >= 0);
  if (scored.length < FEWEST) return;
  // Tenths, and those parted in which a threshold lies.
  const edges = [...new Set([...LIMITS, ...Array.from({ length: 11 }, (_, n) => n * 100)])].sort((a, b) => a - b);
  const bins = Array(edges.length - 1).fill(0);
  for (const n of scored) bins[Math.min(bins.length - 1, edges.findLastIndex((edge) => edge <= rows.score[n]))] += 1;
  const most = Math.max(1, ...bins);
  const body = bins.map((files, bin) =>
    el("tr", { class: LIMITS.includes(edges[bin + 1]) ? "limit" : null }, el("th", { scope: "row" }, `${edges[bin] / 10} to ${edges[bin + 1] / 10}%`),
      el("td", {}, share(files, most, "", "files")))).reverse();
  const { threshold, unitThreshold, uncalibrated } = data.about;
  const lines = LIMITS.length > 1
    ? `The lines are the thresholds, ${threshold.toFixed(2)} for a track by itself and ${unitThreshold.toFixed(2)} for scores of several tracks together`
    : `The line is the threshold, ${threshold.toFixed(2)}`;
  const worth = uncalibrated || "Scores are calibrated: of many files with a score of 70%, about seven in ten should be right.";
  section("confidence", uncalibrated ? "Scores of the model" : "How sure the model is",
    `Files by the score of their likeliest genre, or of the family of genres that is sure where none is. ${worth} ${lines}: what lies below is not written.`,
    el("table", { class: "chart" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Score"), el("th", { scope: "col" }, "Files"))), el("tbody", {}, ...body)));
}

function failures() {
  if (!data.failures.length) return;
  const heads = ["File", "Error", "Advice", "Code"];
  const left = (row) => (status(row) === FAILED ? "" : " It has a genre, so a scan leaves it alone anyway.");
  const told = (found) => table(heads, found.map(({ row, message, hint, code }) => cells(heads, [rows.path[row], message, hint + left(row), code])));
  const [first, rest] = [data.failures.slice(0, LISTED), data.failures.slice(LISTED, PRINTED)];
  const more = data.failures.length - PRINTED;
  section("failures", "What failed", "Files that could not be read or analysed. They are left as they are.", told(first),
    ...(rest.length ? [el("details", {}, el("summary", {}, plural(rest.length, "more file")), told(rest))] : []),
    ...(more > 0 ? [el("p", {}, `And ${plural(more, "more file")}: see the table of all tracks.`)] : []));
}
