"""That `verify live` sees each small broken app, and for the right reason; docs/signals.md has all.

What the other signals make of them is measured by `python -m benchmarks signals`.
"""

import itertools

import pytest

from benchmarks.measure import ROOT
from benchmarks.signals import shown
from tests.verify.broken.app import FAMILIES, OTHERS, apps, standing
from tests.verify.broken.browsing import browsing, complaints
from tests.verify.broken.ours import findings
from tests.verify.broken.signals import DOES_NOT_APPLY, HANGS, MISSED, SEEN, SIGNALS, Answer

APPS = {app.name: app for app in apps()}
SOUND = [name for name, app in APPS.items() if app.sound]
BROKEN = [name for name, app in APPS.items() if not app.sound]


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_in_a_sound_app(name, tmp_path):
    with standing(APPS[name], tmp_path) as app:
        assert findings(app) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_app_is_found_for_what_is_broken_in_it(name, tmp_path):
    with standing(APPS[name], tmp_path) as app:
        found = findings(app)
    assert any(APPS[name].says in text for text in found), found


def test_each_app_says_what_every_signal_makes_of_it():
    words = {SEEN, MISSED, HANGS, DOES_NOT_APPLY}
    for app in APPS.values():
        assert app.family in FAMILIES, app.name
        assert app.about, app.name
        assert {*app.signals} == {*OTHERS, "probe"}, app.name
        assert {*app.signals.values()} <= words, app.name
    assert [signal.title for signal in SIGNALS if signal.title != "probe"] == list(OTHERS)


def test_each_app_has_a_row_of_its_own():
    assert len({app.title for app in APPS.values()}) == len(APPS)


def test_the_table_in_the_documentation_is_what_stands_beside_the_apps():
    table = {
        app.name: {title: Answer(word, "") for title, word in app.signals.items()}
        for app in APPS.values()
    }
    lines = shown(list(APPS.values()), table, width=80, colour=False)
    expected = "\n".join(itertools.takewhile(lambda line: "broken apps" not in line, lines))
    assert expected in (ROOT / "docs/signals.md").read_text("utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("name", [*SOUND, "lazy-broken", "lazy-nested-broken", "other-build"])
def test_a_browser_that_clicks_each_tab_sees_what_is_written_beside_the_app(name, tmp_path):
    app = APPS[name]
    with standing(app, tmp_path) as one, browsing():
        found = complaints(one.url, patient=app.signals["browser"] == MISSED)
    assert bool(found) == (app.signals["browser"] == SEEN), found
