// Keeps searches, filters, orders and pages in the address: a reload, a link and the back button find them again.
const address = new class {
  // Listings have an `id`, a `state` of pairs, and `restore` it.
  constructor() { Object.assign(this, { listings: [], section: "", isTyping: false }); }

  start(listings) {
    this.listings = listings;
    this.restore();
    addEventListener("popstate", () => this.restore());
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      if (!link) return;
      event.preventDefault();
      this.go(link.hash.slice(1));
    });
    // Who comes back or reloads is where they were.
    if (performance.getEntriesByType("navigation")[0]?.type === "navigate") this.show();
  }

  restore() {
    const [section, query] = location.hash.slice(1).split("?");
    this.section = section;
    const asked = new URLSearchParams(query ?? "");
    for (const listing of this.listings) listing.restore((key) => asked.get(`${listing.id}.${key}`));
  }

  // Each letter of a search replaces the last, so that back leads to what was before the search.
  remember(section, isTyping = false) {
    const replaces = isTyping && this.isTyping;
    Object.assign(this, { section, isTyping });
    const asked = new URLSearchParams(this.listings.flatMap(({ id, state }) => state.map(([key, value]) => [`${id}.${key}`, value])));
    const hash = `#${section}${asked.toString() && `?${asked}`}`;
    if (hash !== location.hash) history[replaces ? "replaceState" : "pushState"](null, "", hash);
  }

  go(section) {
    this.remember(section);
    this.show();
  }

  show() {
    const shown = document.getElementById(this.section);
    if (!shown) return;
    shown.tabIndex = -1;
    shown.focus({ preventScroll: true });
    shown.scrollIntoView();
  }
}();
