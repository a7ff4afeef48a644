"""What only a browser shows: the ring around what has the keyboard, and that the end is unseen."""

import contextlib
import io
import os
import time
from collections import Counter

import pytest
from PIL import Image
from playwright.sync_api import Error, expect, sync_playwright

from verify.errors import Unavailable
from verify.probes.browser import find

RING = (0x1A, 0x8F, 0x9B)
AROUND = 10
"""Pixels around an element that are looked at with it."""

READABLE = 3.0
"""Contrast that what shows a state must have with what is beside it (WCAG 2.2, 1.4.11)."""


@pytest.fixture(scope="module")
def chromium():
    try:
        found = find()
    except Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(error.diagnosis)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=found.path,
            chromium_sandbox=os.geteuid() != 0,
            args=["--disable-gpu", "--disable-background-networking"],
        )


@pytest.fixture
def look(chromium, serve):
    """Return a function that opens the dashboard in mock mode, and tells what `see` sees there."""
    server = serve(AICMO_MOCK_MODE="1")
    server.visit()

    def once(see, options):
        with contextlib.closing(
            chromium.new_context(reduced_motion="reduce", **options)
        ) as context:
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{server.port}")
            expect(page.locator("[data-end-of-script]")).to_be_attached(timeout=30_000)
            return see(page)

    def again(see, **options):
        # A browser drops its connections when a container's network appears on this machine.
        for _ in range(2):
            with contextlib.suppress(Error, AssertionError):
                return once(see, options)
        return once(see, options)

    return again


def luminance(colour):
    parts = [part / 255 for part in colour]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours(picture):
    """Return how many pixels have each colour."""
    found = picture.getcolors(picture.width * picture.height)
    return Counter({colour: number for number, colour in found})


def ring(page, focused, around=None):
    """Give something the keyboard; return how much of the ring there is and what is beside it."""
    # The browser shows the focus to those who press keys.
    page.keyboard.press("Tab")
    focused.focus()
    box = (around or focused).bounding_box()
    clip = {
        "x": box["x"] - AROUND,
        "y": box["y"] - AROUND,
        "width": box["width"] + 2 * AROUND,
        "height": box["height"] + 2 * AROUND,
    }
    deadline = time.monotonic() + 10
    while True:
        picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
        share = colours(picture)[RING] / (2 * (box["width"] + box["height"]))
        if share > 1 or time.monotonic() > deadline:
            edge = picture.crop((0, 0, picture.width, 1))
            return share, contrast(RING, colours(edge).most_common(1)[0][0])


def rings(page):
    """Return the ring of one of each kind, by its name."""
    sidebar = page.get_by_test_id("stSidebar")
    box = page.get_by_test_id("stCheckbox").first
    seen = {
        "tab": ring(page, page.get_by_role("tab", name="Command Center")),
        "button": ring(page, page.get_by_role("button", name="Pause")),
        "box to tick": ring(page, box.locator("input"), box.locator("label")),
        "field": ring(page, sidebar.get_by_role("textbox")),
        "expander": ring(page, sidebar.locator("summary")),
    }
    page.get_by_role("tab", name="Campaigns", exact=True).click()
    table = page.get_by_test_id("stDataFrame")
    seen["table"] = ring(page, table.get_by_test_id("data-grid-canvas"))
    seen["button of a table"] = ring(page, table.get_by_role("button", name="Fullscreen"))
    return seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_has_the_keyboard_is_inside_a_ring_that_can_be_seen(look, scheme):
    seen = look(rings, color_scheme=scheme)
    for name, (share, against) in seen.items():
        assert share > 1, f"{name}: {share:.2f} of its outline, one pixel wide"
        assert against >= READABLE, f"{name}: {against:.1f} to 1"


def test_the_end_of_a_run_is_unseen_and_takes_no_room(look):
    # In one go, because other parts of the page may still find their height.
    without = """end => {
        const block = end.closest('[data-testid=stMainBlockContainer]');
        const before = block.getBoundingClientRect().height;
        end.closest('[data-testid=stElementContainer]').remove();
        return [before, block.getBoundingClientRect().height];
    }"""

    def heights(page):
        end = page.locator("[data-end-of-script]")
        return end.is_visible(), *end.evaluate(without)

    seen, before, after = look(heights)
    assert not seen
    assert before == after


def test_the_arrow_keys_go_from_tab_to_tab(look):
    def go(page):
        page.get_by_role("tab", name="Command Center").focus()
        page.keyboard.press("End")
        expect(page.locator('[data-end-of-script="Diagnostics"]')).to_be_attached(timeout=30_000)
        return page.get_by_role("tab", name="Diagnostics").get_attribute("aria-selected")

    assert look(go) == "true"
