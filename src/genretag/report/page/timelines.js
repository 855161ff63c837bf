// What windows say about tracks that are worth a look.
const inWords = ([name, windows, score, spans, more], all) =>
  `${name} ${percent(score)} in ${windows === all ? "all" : `${windows} of ${all}`} windows, at ${spans.join(", ")}${more ? ` and ${plural(more, "more place")}` : ""}`;

function reason(n) {
  if (rows.clash[n]) return `It has ${names(n, "before")}, the model is sure of ${scoresAsText(n)}.`;
  const limit = isPooled(n) ? data.about.unitThreshold : data.about.threshold;
  return `Best is ${scoresAsText(n)}; ${percent(limit * 1000)} is needed.`;
}

function timeline({ row, starts, genres, scores, windows, silent, said }) {
  const best = starts.map((_, at) => Math.max(...scores.map((own) => own[at])));
  const body = genres.map((name, place) => el("tr", {}, el("th", { scope: "row" }, name), ...scores[place].map((score, at) => {
    const made = el("td", { class: `heat${score >= 550 ? " strong" : ""}${score === best[at] ? " best" : ""}` }, percent(score).slice(0, -1));
    made.style.setProperty("--share", score / 1000);
    return made;
  })));
  return el("article", { class: "card", id: `why-${row}` }, el("h3", {}, track(row)), el("p", { class: "small" }, reason(row)),
    el("ul", {}, ...said.map((one) => el("li", {}, inWords(one, windows))), ...(silent ? [el("li", {}, `${plural(silent, "more window")} of silence`)] : [])),
    el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "from"), ...starts.map((start, at) => el("td", {}, starts.length > 6 && at % 2 ? "" : start)))), el("tbody", {}, ...body)),
    decideTrack(row));
}

function timelines() {
  if (!data.timelines.length) return;
  section("timelines", "Why: what was heard when",
    "The most interesting tracks, window by window: in words, which windows score which genre highest, and the mean of these scores; in the table per cent, the best of each column in a frame. First the tracks that the model disagrees about, then those it is torn over.",
    el("div", { class: "cards" }, ...data.timelines.map(timeline)));
}
