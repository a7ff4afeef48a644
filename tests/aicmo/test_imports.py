"""What a deployment relies on: importing a module of the contract does nothing but define it."""

import subprocess
import sys

import pytest

MODULES = [
    "aicmo.operator_services",
    "aicmo.core.db",
    "aicmo.dashboard_models",
    "aicmo.autonomy_engine",
    "aicmo.acquisition_engine",
    "aicmo.strategy_engine",
    "aicmo.creative_engine",
    "aicmo.campaign_ops",
]

WATCH = """
import sys, threading
events = []
def hook(event, args):
    if event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen"}:
        events.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        if ".pyc" not in str(args[0]):
            events.append(f"writes {args[0]}")
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import MODULE
events += [f"thread {t.name}" for t in threading.enumerate() if t is not threading.main_thread()]
sys.exit("; ".join(events) or None)
"""


PAGES = ["streamlit_pages.aicmo_operator", "streamlit_pages.shell"]


@pytest.mark.parametrize("module", [*MODULES, *PAGES])
def test_importing_connects_writes_starts_and_prints_nothing(module, tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", WATCH.replace("MODULE", module)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert list(tmp_path.glob("*")) == []


def test_the_domain_never_loads_streamlit():
    code = f"import sys, {', '.join(MODULES)}\nsys.exit('streamlit' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
