"""The launch script starts the one entry, from anywhere, and says what is missing."""

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path


def healthy(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read() == b"ok" and answer.headers.get_content_type() == "text/plain"
    except OSError:
        return False


def test_it_starts_the_entry_from_another_folder_and_steps_aside(root, tmp_path, port, until):
    command = [root / "scripts" / "launch_operator_ui.sh", "--server.headless=true"]
    environment = os.environ | {"PORT": str(port), "AICMO_DATA_DIR": str(tmp_path / "data")}
    with (tmp_path / "log").open("w") as log:
        dashboard = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/_stcore/health"
        until(lambda: dashboard.poll() is not None or healthy(url), "the dashboard answers")
        assert dashboard.poll() is None, (tmp_path / "log").read_text()
        running = Path(f"/proc/{dashboard.pid}/cmdline").read_text().split("\0")
        assert running[1:5] == ["-m", "streamlit", "run", "streamlit_pages/aicmo_operator.py"]
    finally:
        dashboard.send_signal(signal.SIGTERM)
        assert dashboard.wait(timeout=20) == 0


def test_without_streamlit_it_says_so(root, tmp_path, toolbox):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "streamlit").mkdir()  # must not pass for the library
    script = shutil.copy(root / "scripts" / "launch_operator_ui.sh", tmp_path / "scripts")
    toolbox.link("sh", "dirname", "readlink")
    toolbox.put("python3", f'exec {sys._base_executable} -S "$@"')
    result = toolbox.run(script)
    assert result.returncode == 1
    assert result.stdout == "launch_operator_ui.sh: python3 has no Streamlit. Run: make setup\n"
