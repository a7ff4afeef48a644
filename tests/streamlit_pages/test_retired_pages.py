"""The retired entry points under `streamlit run`: the text is on the page, and nothing else."""

import pytest

DEPRECATED = "This file is deprecated. Run: streamlit run streamlit_pages/aicmo_operator.py"
UNUSED = "This dashboard is no longer used. Use aicmo_operator.py"


@pytest.mark.parametrize(
    ("file", "text", "raises"),
    [
        ("app.py", DEPRECATED, True),
        ("launch_operator.py", DEPRECATED, False),
        ("streamlit_app.py", DEPRECATED, False),
        ("operator_v2.py", DEPRECATED, True),
        ("streamlit_pages/aicmo_ops_shell.py", UNUSED, True),
        ("streamlit_pages/cam_engine_ui.py", UNUSED, True),
        ("streamlit_pages/operator_qc.py", UNUSED, True),
    ],
)
def test_the_page_says_why_and_draws_nothing_else(file, text, raises, serve, data_dir):
    server = serve(file)
    page = server.visit()
    assert page.texts()[0] == text
    kinds = [element.WhichOneof("type") for element in page.elements.values()]
    assert kinds == (["alert", "exception"] if raises else ["alert"])
    assert page.labels == {}
    assert page.status == 0, "the page must not load for ever"
    assert not data_dir.exists()
    if raises:
        assert text in " ".join(server.log.read_text().split())
