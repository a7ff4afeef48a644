"""How the page looks beyond the theme in `.streamlit/config.toml`: what no setting can say."""

# Less air above the page than Streamlit leaves, but room for its bar; a card's buttons beside its
# text as long as both fit; whole labels on metrics, and two of them side by side on a phone; what
# is selected in the dark theme as readable as the rest.
_LAYOUT = """
[data-testid="stMainBlockContainer"] { padding-top: 4rem; padding-bottom: 3rem; }
[data-testid="stHorizontalBlock"] > :has(> [data-testid="stMarkdown"]) { flex-basis: 20rem; }
[data-testid="stMetricLabel"] p { white-space: normal; }
[data-testid="stMetricValue"] { font-size: 1.6rem; }
@media (max-width: 640px) {
  [data-testid="stColumn"]:has([data-testid="stMetric"]) { min-width: calc(50% - 1rem); }
}
[role="tab"][aria-selected="true"] p,
[data-testid="stMain"] button[data-variant][data-selected="true"] p {
  color: light-dark(#0b6b74, #6fd3da);
}"""

# A ring around what has the keyboard. Streamlit's own is too pale, on fields it is a thin line, and
# a table has none. This colour differs from every background of both themes by at least 3 to 1
# (WCAG 2.2, 1.4.11). Around a field, and around the label of a box to tick; inside of what would
# cut it off, tabs with some room for it. A table's buttons show while one of them has the keyboard.
# Headings are no links: between two buttons each was a stop that leads nowhere.
_KEYBOARD = """
:root :focus-visible,
:root :has(> :is(input, textarea):focus-visible),
:root label:has(input:focus-visible) { outline: 3px solid #1a8f9b; outline-offset: 1px; }
:root :is(input, textarea):focus-visible, :root span:has(> input:focus-visible) { outline: none; }
:root :is([role="tab"], main, canvas, .dvn-scroller):focus-visible { outline-offset: -3px; }
:root [role="tablist"] { gap: 0.25rem; }
:root [role="tab"] { padding-inline: 0.25rem; }
:root [data-testid="stElementToolbar"]:focus-within { opacity: 1; }
[data-testid="stHeaderActionElements"] { display: none; }"""

# What is drawn to say that a run is complete shows nothing, and must not leave a gap either.
_END = """
[data-testid="stElementContainer"]:has([data-testid="stHtml"] > [hidden]) { display: none; }
"""

STYLE = f"<style>{_LAYOUT}{_KEYBOARD}{_END}</style>"
