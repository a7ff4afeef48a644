// What the walk asks of a page. It changes nothing that people see but transitions, which it stops.
(() => {
  const TAB = '[data-testid="stMain"] [role="tab"]';

  const visible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true });
  };

  const nameOf = (element) => {
    if (!element || element === document.body) return "the page";
    const own = element.closest("[data-testid]");
    const text = (element.getAttribute("aria-label") || element.innerText || element.value || "")
      .trim().split("\n")[0].slice(0, 40);
    const kind = (own && own.dataset.testid) || element.tagName.toLowerCase();
    return text ? `${kind} "${text}"` : kind;
  };

  const labelOf = (tab) => (tab.getAttribute("aria-label") || tab.innerText).trim();

  // Those of the page itself; a tab may hold tabs of its own.
  const tabs = () => [...document.querySelectorAll(TAB)].filter(
    (tab) => visible(tab) && !tab.parentElement.closest('[role="tabpanel"]'));

  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  const SHOWN = "img, svg, canvas, video, audio, iframe, input, textarea, button, hr, table";

  const drawn = (root) => [...root.querySelectorAll(
    '[data-testid="stElementContainer"], [data-testid="stExpander"]')].filter(
    (element) => visible(element) &&
      (element.innerText.trim() || [...element.querySelectorAll(SHOWN)].some(visible))).length;

  const state = (number) => {
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app) return { missing: ["the app"], drawn: 0, selected: false };
    const missing = [];
    const script = app.dataset.testScriptState;
    const connection = app.dataset.testConnectionState;
    if (script !== "notRunning" && script !== "compilationError") missing.push(`the end of the script (${script})`);
    if (connection !== "CONNECTED") missing.push(`the connection (${connection})`);
    const loading = [...document.querySelectorAll(
      '[data-testid="stAppSkeleton"], [data-testid="stSkeleton"]')].filter(visible).length;
    if (loading) missing.push(`${loading} things that are still being loaded`);
    let root = document.querySelector('[data-testid="stMain"]');
    let selected = true;
    if (number >= 0) {
      const tab = tabs()[number];
      selected = !!tab && tab.getAttribute("aria-selected") === "true";
      if (!selected) missing.push("the tab itself: it did not open");
      root = tab && panelOf(tab);
    }
    return { missing, drawn: root ? drawn(root) : 0, selected };
  };

  const exceptions = () => [...document.querySelectorAll('[data-testid="stException"]')]
    .map((box) => box.innerText.trim().slice(0, 500));

  // Elements that stick out of the window, but for those inside something that scrolls or cuts off.
  const out = () => {
    const width = document.documentElement.clientWidth;
    const found = [];
    const walk = (element) => {
      if (found.length >= 3 || !visible(element)) return;
      if (element.getBoundingClientRect().right > width + 1) {
        found.push(nameOf(element));
        return;
      }
      if (getComputedStyle(element).overflowX !== "visible") return;
      for (const child of element.children) walk(child);
    };
    const main = document.querySelector('[data-testid="stMain"]');
    for (const child of main ? main.children : []) walk(child);
    return found;
  };

  const over = () => {
    const main = document.querySelector('[data-testid="stMain"]');
    return Math.max(0, ...[document.scrollingElement, main].filter(Boolean)
      .map((element) => element.scrollWidth - element.clientWidth));
  };

  // How something looks as far as a focus ring goes: it, what surrounds it, and its own pseudo parts.
  const looks = (element) => {
    const told = [];
    const note = (one, pseudo) => {
      const style = getComputedStyle(one, pseudo);
      told.push([style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
        style.borderColor, style.borderWidth, style.backgroundColor, style.color,
        style.textDecoration, style.opacity].join(" "));
    };
    for (let one = element, n = 0; one && n < 4; one = one.parentElement, n += 1) note(one, null);
    note(element, "::before");
    note(element, "::after");
    for (const child of element.children) note(child, null);
    return told.join("|");
  };

  const stops = [];
  const beforeItMoves = (event) => {
    const one = document.activeElement;
    if (["Tab", "ArrowRight", "ArrowDown"].includes(event.key) && one && one !== document.body) {
      stops.push({ one, name: nameOf(one), looks: looks(one) });
    }
  };

  const page = {
    state, exceptions,
    labels: () => tabs().map(labelOf),
    settled: (number) => {
      const now = state(number);
      return now.missing.length === 0 && now.drawn > 0;
    },
    fit: () => ({ over: over(), out: over() > 0 ? out() : [] }),
    height: () => {
      const main = document.querySelector('[data-testid="stMain"]');
      return main ? main.scrollHeight : 0;
    },
    tab: (number) => tabs()[number],
    still: () => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("*, ::before, ::after { transition: none !important; animation: none !important; }");
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    },
    scheme: () => getComputedStyle(document.querySelector('[data-testid="stApp"]')).colorScheme,
    watchFocus: () => {
      stops.length = 0;
      document.activeElement.blur();
      window.addEventListener("keydown", beforeItMoves, true);
    },
    focus: () => {
      const one = document.activeElement;
      return { tab: tabs().indexOf(one), body: !one || one === document.body, name: nameOf(one) };
    },
    endOfFocus: () => {
      window.removeEventListener("keydown", beforeItMoves, true);
      document.activeElement.blur();
      return stops.length;
    },
    // A tab that Streamlit happens to draw as disabled just then loses its ring with the focus: tabs
    // look alike, so one that shows it speaks for all.
    unseen: () => {
      const kind = (one) => (one.matches('[role="tab"]') ? "tab" : one);
      const there = stops.filter(({ one }) => one.isConnected);
      const shown = new Set(there.filter(({ one, looks: then }) => looks(one) !== then)
        .map(({ one }) => kind(one)));
      return [...new Set(there.filter(({ one }) => !shown.has(kind(one))).map(({ name }) => name))];
    },
    axe: async (rules) => {
      const found = await axe.run(document, {
        resultTypes: ["violations"],
        iframes: false,
        ...(rules.length ? { runOnly: { type: "rule", values: rules } } : {}),
      });
      return found.violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, help, impact, nodes }) => ({
          rule: id, help, impact, places: nodes.length, first: nodes[0].target.flat().join(" "),
        }));
    },
  };
  window.__look = page;
})();
