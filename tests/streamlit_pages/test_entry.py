import ast
import subprocess
import sys

import pytest

from streamlit_pages import aicmo_operator

WATCH = """
import sys, threading
events = []
def hook(event, args):
    if event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen"}:
        events.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        events.append(f"writes {args[0]}")
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import MODULE
events += [f"thread {t.name}" for t in threading.enumerate() if t is not threading.main_thread()]
sys.exit("; ".join(events) or None)
"""

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


@pytest.mark.parametrize("module", ["streamlit_pages.aicmo_operator", "streamlit_pages.shell"])
def test_importing_the_entry_connects_writes_starts_and_prints_nothing(module, tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", WATCH.replace("MODULE", module)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_no_folder_publishes_pages_or_shadows_streamlit(root):
    assert not (root / "pages").exists()
    assert not (root / "streamlit_pages" / "pages").exists()
    assert not (root / "streamlit" / "__init__.py").exists()
