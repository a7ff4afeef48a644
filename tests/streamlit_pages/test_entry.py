import ast

from streamlit_pages import aicmo_operator

TABS = [
    "Command Center",
    "Autonomy",
    "Campaign Ops",
    "Campaigns",
    "Acquisition",
    "Strategy",
    "Creatives",
    "Publishing",
    "Monitoring",
    "Diagnostics",
]


def test_the_entry_names_its_build_and_ten_tabs_in_order():
    assert aicmo_operator.BUILD_MARKER == "AICMO_DASH_V2_2025_12_16"
    assert [tab.label for tab in aicmo_operator.TABS] == TABS


def test_each_tab_is_a_module_of_its_own_that_draws_nothing_when_it_is_imported(root):
    modules = [tab.module for tab in aicmo_operator.TABS]
    assert len(set(modules)) == len(TABS)
    for module in modules:
        tree = ast.parse((root / f"{module.replace('.', '/')}.py").read_text())
        statements = (
            ast.Import | ast.ImportFrom | ast.Assign | ast.FunctionDef | ast.Expr | ast.ClassDef
        )
        assert all(isinstance(node, statements) for node in tree.body), module
        calls = [n for n in tree.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)]
        assert calls == [], module


def test_no_folder_publishes_pages_or_shadows_streamlit(root):
    assert not (root / "pages").exists()
    assert not (root / "streamlit_pages" / "pages").exists()
    assert not (root / "streamlit" / "__init__.py").exists()
