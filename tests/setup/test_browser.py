"""Getting a browser, on machines made of stand-ins: nothing is downloaded, nothing installed."""

import shutil

import pytest

TOOLS = [
    *("sh", "dirname", "id", "mkdir", "flock", "timeout", "cat", "grep", "tail", "rm", "mktemp"),
    "touch",
]
SILENT = ""
DOWNLOAD = ".venv-verify/bin/playwright install --only-shell chromium"


@pytest.fixture
def machine(toolbox, root, tmp_path):
    """A checkout whose toolkit finds a browser as soon as the file `browser` is there."""

    class Machine:
        checkout = tmp_path / "checkout"
        browser = tmp_path / "browser"
        calls = tmp_path / "calls"

        def tool(self, name, script):
            file = self.checkout / ".venv-verify/bin" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

        def called(self):
            return self.calls.read_text().splitlines() if self.calls.exists() else []

        def has_toolkit(self, download):
            self.tool("python", f"[ -e {self.browser} ]")
            self.tool("playwright", f'echo "playwright $*" >>{self.calls}; {download}')

        def has_apt(self, script="exit 1"):
            toolbox.put("apt-get", f'echo "apt-get $*" >>{self.calls}; {script}')

        def is_system(self, name):
            (tmp_path / "os-release").write_text(f"NAME=x\nID={name}\n")

        def has_user(self, number):
            (toolbox.path / "id").unlink()
            toolbox.put("id", f"case $1 in -u) echo {number} ;; *) echo somebody ;; esac")

        def get(self, **environment):
            system = {"AICMO_OS_RELEASE": str(tmp_path / "os-release")}
            script = self.checkout / "scripts/browser.sh"
            return toolbox.run(script, **{**system, **environment})

    toolbox.link(*TOOLS)
    scripts = Machine.checkout / "scripts"
    scripts.mkdir(parents=True)
    for name in ("browser.sh", "get-browser.sh", "apt-install.sh"):
        shutil.copy2(root / "scripts" / name, scripts)
    return Machine()


def test_silent_where_there_is_a_browser(machine):
    machine.has_toolkit("exit 1")
    machine.has_apt()
    machine.browser.touch()
    result = machine.get()
    assert (result.returncode, result.stdout) == (0, SILENT)
    assert machine.called() == []


def test_a_browser_is_downloaded_and_that_is_said(machine):
    machine.has_toolkit(f"touch {machine.browser}")
    result = machine.get()
    assert (result.returncode, result.stdout) == (0, "set-up: downloading a browser\n")
    assert machine.called() == ["playwright install --only-shell chromium"]


def test_where_a_download_is_forbidden_the_command_is_told(machine):
    machine.has_toolkit("exit 1")
    machine.has_apt()
    result = machine.get(PROVISION="0")
    assert result.returncode == 0
    assert "PROVISION=0 forbids to download one" in result.stdout
    assert DOWNLOAD in result.stdout
    assert "going on without a browser" in result.stdout
    assert machine.called() == []


def test_a_browser_that_was_named_is_not_replaced_by_another(machine):
    machine.has_toolkit("exit 1")
    result = machine.get(VERIFY_BROWSER="/nowhere/chrome")
    assert result.returncode == 0
    assert "VERIFY_BROWSER=/nowhere/chrome is not a browser that starts" in result.stdout
    assert machine.called() == []


def test_before_there_is_a_toolkit_nothing_is_claimed(machine):
    result = machine.get()
    assert result.returncode == 0
    assert "make setup" in result.stdout
    assert "going on without a browser" in result.stdout


def test_what_cannot_be_downloaded_is_installed_by_root_on_debian(machine):
    machine.has_user(0)
    machine.is_system("debian")
    machine.has_toolkit("echo Error: no such host; exit 1")
    machine.has_apt(f"case $* in *install*) touch {machine.browser} ;; esac")
    result = machine.get()
    assert result.returncode == 0
    assert "Error: no such host" in result.stdout
    assert "set-up: installing chromium-headless-shell" in result.stdout
    assert "going on without" not in result.stdout
    assert machine.called()[-1].endswith("install --no-install-recommends chromium-headless-shell")


@pytest.mark.parametrize(
    ("user", "system", "apt"),
    [(1000, "debian", []), (0, "ubuntu", []), (0, "debian", ["apt-get -q update"])],
    ids=["no root", "a package that is none", "no package"],
)
def test_where_nothing_helps_the_command_is_told(machine, user, system, apt):
    machine.has_user(user)
    machine.is_system(system)
    machine.has_toolkit("echo Error: no such host; exit 1")
    machine.has_apt()
    result = machine.get()
    assert result.returncode == 0
    assert f"to add a browser: sudo {DOWNLOAD} --with-deps" in result.stdout
    assert result.stdout.endswith(
        "set-up: going on without a browser; what needs one will be skipped\n"
    )
    assert [call for call in machine.called() if call == "apt-get -q update"] == apt


def test_a_download_that_does_not_start_is_told(machine):
    machine.has_toolkit("exit 0")
    result = machine.get()
    assert result.returncode == 0
    assert "does not start; it may lack libraries" in result.stdout
    assert "going on without a browser" in result.stdout
