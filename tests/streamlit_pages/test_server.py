"""The dashboard as an operator gets it: a real server and its websocket."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from streamlit_pages import aicmo_operator

MARKER = "**Build marker:** `AICMO_DASH_V2_2025_12_16`"
FOOTER = "AICMO operator dashboard · build AICMO_DASH_V2_2025_12_16"


def visit_every_tab(server):
    """Open the page, click each tab, and return the text each drew."""
    drawn = {}
    with server.session() as session:
        page = session.run()
        assert list(page.labels.values()) == [tab.label for tab in aicmo_operator.TABS]
        for label in page.labels.values():
            after = session.run(id=page.tabs_id, label=label)
            assert after.status == 0
            assert FOOTER in after.texts((0,))[-1], "the page was not drawn to its end"
            assert MARKER in "\n".join(after.texts((1,))).splitlines()
            drawn[label] = after.texts(after.place_of(label))
            others = [name for name in after.labels.values() if name != label]
            assert not any(after.texts(after.place_of(name)) for name in others)
    return drawn


def test_every_tab_draws_when_it_is_clicked(serve, entry):
    server = serve()
    drawn = visit_every_tab(server)
    assert all(drawn.values())
    assert "Error id" not in str(drawn)
    with server.session() as session:
        assert f"**Entry file:** `{entry}`" in "\n".join(session.run().texts((1,))).splitlines()
    assert "Traceback" not in server.log.read_text()


def test_a_tab_that_raises_leaves_every_other_tab_whole(serve, tmp_path):
    (tmp_path / "broken_tab.py").write_text("def render():\n    raise ValueError('boom')\n")
    target = tmp_path / "entry.py"
    target.write_text(
        "from streamlit_pages import aicmo_operator as entry\n"
        "from streamlit_pages.shell import Tab, draw_page\n"
        "tabs = list(entry.TABS)\n"
        "tabs[4] = Tab('Acquisition', 'broken_tab')\n"
        "draw_page(tabs, marker=entry.BUILD_MARKER, entry=__file__)\n"
    )
    server = serve(target)
    drawn = visit_every_tab(server)
    broken = drawn.pop("Acquisition")
    assert len(broken) == 1
    assert "ValueError: boom" in broken[0]
    found_id = broken[0].split("Error id `")[1].split("`")[0]
    log = server.log.read_text()
    assert found_id in log
    assert "raise ValueError('boom')" in log
    assert found_id in str(drawn["Diagnostics"])
    assert "Error id" not in str([drawn[label] for label in drawn if label != "Diagnostics"])


def test_a_tab_that_stops_the_script_stops_only_itself(serve, tmp_path):
    (tmp_path / "stopping_tab.py").write_text(
        "import streamlit\ndef render():\n    streamlit.stop()\n"
    )
    target = tmp_path / "entry.py"
    target.write_text(
        "from streamlit_pages.shell import Tab, draw_page\n"
        "draw_page([Tab('Stops', 'stopping_tab')], marker='M', entry=__file__)\n"
    )
    page = serve(target).visit()
    assert "it stopped before it was complete" in page.texts((0, 0))[0]
    assert page.texts((0,))[-1].endswith("build M")
    assert page.status == 0


def test_the_first_page_loads_none_of_the_heavy_libraries(serve, tmp_path, data_dir):
    target = tmp_path / "entry.py"
    target.write_text(
        "import sys\n"
        "import streamlit as st\n"
        "from streamlit_pages import aicmo_operator\n"
        "aicmo_operator.main()\n"
        "heavy = {'pandas', 'pyarrow', 'numpy', 'altair', 'alembic'} & set(sys.modules)\n"
        "st.text(f'heavy: {sorted(heavy)}')\n"
    )
    assert serve(target).visit().texts((0,))[-1] == "heavy: ['alembic']", (
        "a new database is migrated"
    )
    assert (data_dir / "aicmo.db").exists()
    assert serve(target).visit().texts((0,))[-1] == "heavy: []"


@pytest.mark.parametrize("mode", ["0", "1"])
def test_fifty_sessions_at_once_all_get_the_whole_page(serve, mode):
    server = serve(AICMO_MOCK_MODE=mode)
    server.visit()
    with ThreadPoolExecutor(50) as pool:
        pages = list(pool.map(lambda _: server.visit(), range(50)))
    assert {page.status for page in pages} == {0}
    assert all(FOOTER in page.texts((0,))[-1] for page in pages)
    assert "Error id" not in str([page.texts() for page in pages])


def test_an_unreachable_database_leaves_the_page_standing_and_hides_the_password(serve):
    server = serve(AICMO_DATABASE_URL="postgresql://u:hunter22@127.0.0.1:1/shop")
    drawn = visit_every_tab(server)
    assert "shop on 127.0.0.1:1" in str(drawn["Command Center"])
    with server.session() as session:
        sidebar = str(session.run().texts((1,)))
    assert "**Database:** `unreachable, postgresql" in sidebar
    assert "hunter22" not in str(drawn) + sidebar + server.log.read_text()
