"""A command is followed to the file it starts; what cannot be followed never passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.errors import Unavailable
from verify.gates import entry
from verify.matrix import EntryPoint, Launcher, Matrix, State, Status
from verify.probes.source import Source
from verify.probes.starts import Start
from verify.tables import Dashboard, SubjectSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = "pages_of/main.py"
PAGE = "import streamlit as st\n\ndef main():\n    st.title('x')\n\nmain()\n"
FILES = {ENTRY: PAGE, "old.py": PAGE, "streamlit_app.py": PAGE, "scripts/other.sh": ""}

HEAD = "FROM x\nWORKDIR /app\nCOPY . .\n"
RUN = "streamlit run pages_of/main.py"

IMAGE_GREEN = [
    f"{HEAD}CMD {RUN}",
    f'{HEAD}CMD ["streamlit", "run", "pages_of/main.py"]',
    f'{HEAD}CMD ["streamlit", "run", "--server.port=8501", "pages_of/main.py"]',
    f'{HEAD}CMD ["streamlit", "run", "--server.port", "8501", "pages_of/main.py", "--", "old.py"]',
    f'{HEAD}CMD ["python", "-u", "-m", "streamlit", "run", "pages_of/main.py"]',
    f'{HEAD}ENTRYPOINT ["streamlit", "run"]\nCMD ["pages_of/main.py"]',
    f'{HEAD}ENTRYPOINT {RUN}\nCMD ["ignored"]',
    f'{HEAD}CMD ["sh", "-c", "exec {RUN}"]',
    f'{HEAD}CMD ["/bin/bash", "-lc", "cd pages_of && streamlit run main.py"]',
    f'{HEAD}ENV APP=pages_of/main.py\nCMD streamlit run "$APP"',
    f"{HEAD}CMD streamlit run ${{APP:-pages_of/main.py}} --server.port ${{PORT:-8501}}",
    f"{HEAD}CMD exec {RUN} \\\n  # more\n  --server.port=8501",
    f"{HEAD}EXPOSE 8501\nCMD {RUN} --server.address=0.0.0.0",
    f"{HEAD}ENV STREAMLIT_SERVER_ADDRESS=localhost\nCMD {RUN} --server.address ::",
    f"{HEAD}CMD {RUN}\nRUN echo streamlit run old.py",
    f"{HEAD}CMD streamlit run old.py\nCMD {RUN}",
    f"FROM x AS a\nCMD streamlit run old.py\n{HEAD}CMD {RUN}",
    f"FROM x AS a\nWORKDIR /app\nCOPY . .\nCMD {RUN}\nFROM a\n",
    f"FROM x AS a\nWORKDIR /s\nCOPY . .\nFROM y\nWORKDIR /app\nCOPY --from=a /s /app\nCMD {RUN}",
    "FROM x\nCOPY pages_of /srv/p\nCMD streamlit run /srv/p/main.py",
    "FROM x\nWORKDIR /app\nCOPY pages_of/main.py ./\nCMD streamlit run main.py",
    "FROM x\nWORKDIR /app\nCOPY pages_of/*.py ./\nCMD streamlit run main.py",
    'FROM x\nCOPY ["pages_of", "/p/"]\nCMD streamlit run /p/main.py',
    f'{HEAD}COPY scripts/start.sh /start.sh\nENTRYPOINT ["/start.sh"]',
    f'{HEAD}ENTRYPOINT ["tini", "--", "timeout", "5", "streamlit", "run", "pages_of/main.py"]',
    f"{HEAD}CMD poetry run {RUN}",
    f"{HEAD}CMD uv run --frozen {RUN}",
    f"{HEAD}HEALTHCHECK CMD streamlit run old.py\nCMD {RUN}",
    f"# escape=`\n{HEAD}CMD streamlit run `\n pages_of/main.py",
]

IMAGE_RED = [
    f"{HEAD}CMD streamlit run old.py",
    f'{HEAD}CMD ["streamlit", "run", "old.py"]',
    f"{HEAD}CMD {RUN}\nCMD streamlit run old.py",
    f"{HEAD}# CMD {RUN}\nCMD streamlit run old.py",
    f'{HEAD}CMD echo "{RUN}"',
    f"{HEAD}CMD streamlit hello",
    f"{HEAD}CMD streamlit run",
    f"{HEAD}CMD python pages_of/main.py",
    f"{HEAD}CMD bash",
    HEAD,
    "",
    f"{HEAD}CMD {RUN} --server.port $PORT",
    f"{HEAD}CMD streamlit run $APP",
    f'{HEAD}CMD ["streamlit", "run", "$APP"]',
    f'{HEAD}CMD ["streamlit", \'run\', "pages_of/main.py"]',
    f"{HEAD}CMD streamlit run main.py",
    f"FROM x\nWORKDIR /app\nCMD {RUN}",
    f"FROM x\nWORKDIR /app\nCOPY pages_of /other\nCMD {RUN}",
    "FROM x\nCOPY . /src\nCMD streamlit run src/old.py",
    f"FROM x\nWORKDIR /app\nCOPY . .\nCOPY old.py pages_of/main.py\nCMD {RUN}",
    f'{HEAD}ENTRYPOINT ["streamlit", "run", "old.py"]\nCMD ["pages_of/main.py"]',
    f"{HEAD}CMD streamlit run old.py & {RUN}",
    f"{HEAD}CMD streamlit run https://example.invalid/x.py",
    f'{HEAD}CMD ["python", "-c", "import streamlit"]',
    f"{HEAD}CMD false && {RUN}",
    f"{HEAD}RUN cp old.py pages_of/main.py\nCMD {RUN}",
    f"{HEAD}RUN echo a && sed -i s/V2/V1/ /app/pages_of/main.py\nCMD {RUN}",
    f'{HEAD}ENTRYPOINT ["/usr/bin/wrapper.sh"]\nCMD ["streamlit", "run", "pages_of/main.py"]',
    f"{HEAD}CMD {RUN} --server.port=8502",
    f"{HEAD}ENV STREAMLIT_SERVER_PORT=8502\nCMD {RUN}",
    f"{HEAD}EXPOSE 8502\nCMD {RUN}",
    f"{HEAD}CMD {RUN} --server.address=127.0.0.1",
    f'{HEAD}CMD ["streamlit", "run", "pages_of/main.py", "--server.address", "localhost"]',
    f"{HEAD}ENV STREAMLIT_SERVER_ADDRESS=::1\nCMD {RUN}",
]

SCRIPT_GREEN = [
    RUN,
    f'#!/bin/sh\nset -e\nexec {RUN} "$@"',
    f'cd "$(dirname "$0")/.."\n{RUN}',
    'cd "$(dirname "$0")/../pages_of" && exec streamlit run main.py',
    (
        'HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\n'
        'streamlit run "$HERE/../pages_of/main.py"'
    ),
    'ROOT=$(git rev-parse --show-toplevel)\nstreamlit run "$ROOT/pages_of/main.py"',
    (
        'APP="${APP:-pages_of/main.py}"\nPORT=${PORT:-8501}\n'
        'streamlit run "$APP" --server.port "$PORT"'
    ),
    ': "${APP:=pages_of/main.py}"\nstreamlit run "$APP"',
    'streamlit run "${1:-pages_of/main.py}"',
    f"# streamlit run old.py\necho 'streamlit run old.py'\n{RUN}",
    f"cat <<EOF\nstreamlit run old.py\nEOF\n{RUN}",
    f"pkill -f 'streamlit run old.py' || true\n{RUN}",
    f"exec {RUN}\nstreamlit run old.py",
    f"if false; then streamlit run old.py; fi\n{RUN}",
    f"if command -v uv; then uv run {RUN}; else {RUN}; fi",
    'go() { exec streamlit run "$1"; }\ngo pages_of/main.py',
    "scripts/start.sh",
    "bash ./scripts/start.sh",
    ". scripts/start.sh",
    f'python=.venv/bin/python\n[ -x "$python" ] || python=python3\n"$python" -m {RUN}',
    f"nohup env A=b {RUN} > log 2>&1 &",
]

SCRIPT_RED = [
    "",
    "streamlit run old.py",
    f"# {RUN}",
    f"echo {RUN}",
    f"cat <<EOF\n{RUN}\nEOF",
    f"if false; then {RUN}; fi",
    f"exit 0\n{RUN}",
    f"false && {RUN}",
    f"true || {RUN}",
    f"if [ -f x ]; then streamlit run old.py; else {RUN}; fi",
    f"{RUN}\nstreamlit run old.py",
    f"{RUN} || streamlit run old.py",
    f"streamlit run old.py &\n{RUN}",
    "streamlit run $APP",
    "streamlit run $(find . -name '*.py' | head -1)",
    "cd elsewhere\nstreamlit run pages_of/main.py",
    'cd "$WHERE"\nstreamlit run pages_of/main.py',
    "APP=pages_of/main.py\nAPP=old.py\nstreamlit run $APP",
    "APP=pages_of/main.py\nif x; then APP=old.py; fi\nstreamlit run $APP",
    "streamlit run",
    "bash scripts/missing.sh",
    "scripts/other.sh",
    "python old.py",
    "$RUNNER run pages_of/main.py",
    f"go() {{ {RUN}; }}",
    "if then",
]

# Declared, so that what is judged is the launcher and not that these draw a page.
OTHERS = Dashboard(
    entry=ENTRY, marker="V2", tabs=("One", "Two", "Three"), others=("old.py", "streamlit_app.py")
)

START = {"scripts/start.sh": f"#!/bin/sh\nexec {RUN}\n"}


@pytest.mark.parametrize("text", [*IMAGE_GREEN, *IMAGE_RED])
def test_dockerfile(text: str, look: Callable, image: Callable) -> None:
    seen = look(
        "entry", FILES | START | {"Dockerfile": text}, image=image(), dashboard=OTHERS, retired=()
    )
    assert seen.red is (text in IMAGE_RED), seen.told()


@pytest.mark.parametrize("text", [*SCRIPT_GREEN, *SCRIPT_RED])
def test_script(text: str, look: Callable) -> None:
    files = FILES | START | {"scripts/go.sh": text}
    subject = SubjectSpec(launchers=("scripts/go.sh",))
    seen = look("entry", files, subject=subject, dashboard=OTHERS, retired=())
    assert seen.red is (text in SCRIPT_RED), seen.told()


@pytest.mark.parametrize(
    ("ignore", "red"),
    [("pages_of\n", True), ("**/main.py\n", True), ("*\n!pages_of\n", False), ("docs\n", False)],
)
def test_dockerignore_decides_what_is_in_the_image(
    ignore: str, red: object, look: Callable, image: Callable
) -> None:
    files = FILES | {"Dockerfile": f"{HEAD}CMD {RUN}", ".dockerignore": ignore}
    assert look("entry", files, image=image(), dashboard=OTHERS, retired=()).red is red


ENTRIES = {
    PAGE: False,
    PAGE.replace("\nmain()", '\nif __name__ == "__main__":\n    main()'): False,
    "from shell import draw\ndraw()\n": False,
    "import streamlit as st\nst.title('x')\n": False,
    "import streamlit as st\n\ndef main():\n    st.title('x')\n": True,
    "import streamlit as st\nif False:\n    st.title('x')\n": True,
    "import streamlit as st\nraise RuntimeError\nst.title('x')\n": True,
    "import os\nos.getcwd()\n": True,
    "x = (": True,
    "": True,
}


@pytest.mark.parametrize("text", ENTRIES)
def test_entry_file_draws_a_page(text: str, look: Callable) -> None:
    seen = look(
        "entry", {ENTRY: text, "shell.py": "import streamlit as st\ndef draw(): st.write()"}
    )
    assert seen.red is ENTRIES[text], seen.told()


GO = SubjectSpec(launchers=("go.sh",))


def test_the_finding_names_file_line_and_command(look: Callable) -> None:
    files = FILES | {"go.sh": "#!/bin/sh\nexec streamlit run old.py\n"}
    (found,) = look("entry", files, subject=GO, dashboard=OTHERS, retired=()).findings
    assert (found.expected, found.got) == (ENTRY, "old.py")
    assert (found.path, found.line) == ("go.sh", 2)
    assert found.message == "exec streamlit run old.py"


def test_what_cannot_be_resolved_says_so(look: Callable) -> None:
    files = FILES | {"go.sh": "streamlit run $APP\n"}
    (found,) = look("entry", files, subject=GO, dashboard=OTHERS, retired=()).findings
    assert str(found.got).startswith("cannot tell: ")


def row(entry: str | None, status: Status = Status.OK, **more: object) -> Launcher:
    values = {"path": "Makefile", "line": 3, "kind": "makefile", "raw": "streamlit run ...", **more}
    return Launcher(
        entry=entry,
        candidates=values.pop("candidates", ()),
        status=status,
        port=None,
        why=values.pop("why", ""),
        **values,
    )


ELSE = "it starts no Streamlit: nginx"
GUARDED = EntryPoint("old.py", State.GUARDED, "it raises")

ROWS = [
    (row(ENTRY), False),
    (row("old.py"), False),  # it refuses
    (row("example.py"), False),  # it is declared
    (row("rival.py"), True),
    (row(None, Status.DYNAMIC, candidates=(ENTRY, "old.py")), False),
    (row(None, Status.DYNAMIC, candidates=(ENTRY, "rival.py")), True),
    (row(None, Status.DYNAMIC), True),
    (row(ENTRY, Status.BROKEN, why="the port is empty"), True),
    (row(None, Status.MISSING, why="gone.py is not in the repository"), True),
    (row(None, Status.NOT_IN_IMAGE, why="it is ignored"), True),
    (row(None, Status.UNKNOWN, why="it depends on $APP"), True),
    (row(None, Status.UNKNOWN, why="it depends on $APP", path="tool.py"), False),
    (row("rival.py", path="tool.py"), True),
    (row(None, Status.MISSING, why="gone.py is not in the repository", path="tool.py"), True),
    (row(None, Status.NOT_STREAMLIT, why="it runs main.py with Python alone"), True),
    (row(None, Status.NOT_STREAMLIT, why=ELSE, path="proxy/Dockerfile", kind="dockerfile"), False),
    (row(None, Status.NOT_STREAMLIT, why=ELSE, path="Dockerfile", kind="dockerfile"), True),
    (row("old.py", path="Dockerfile", kind="dockerfile"), True),  # the image must start the entry
    (row("example.py", path="go.sh", kind="shell"), True),  # and so must each declared script
]


@pytest.mark.parametrize(("launcher", "red"), ROWS)
def test_launcher(
    launcher: Launcher, red: object, image: Callable, tmp_path: Path, manifest_of: Callable
) -> None:
    own = [
        row(ENTRY, path=path, kind=kind)
        for path, kind in (("Dockerfile", "dockerfile"), ("go.sh", "shell"))
        if path != launcher.path
    ]
    (tmp_path / "pages_of").mkdir()
    (tmp_path / ENTRY).write_text(PAGE)
    dashboard = Dashboard(entry=ENTRY, marker="V2", tabs=("One",), others=("example.py",))
    subject = SubjectSpec(launchers=("go.sh",), tools=("tool.py",))
    manifest = manifest_of(tmp_path, image=image(), dashboard=dashboard, subject=subject)
    matrix = Matrix((launcher, *own), (GUARDED,), (), manifest.declared())
    seen = list(entry.gate_source(Source(tmp_path), matrix, manifest))
    found = [one for one in seen if not one.ok]
    assert bool(found) is red, found
    assert {(one.path, one.line) for one in found} <= {(launcher.path, launcher.line)}


@pytest.mark.parametrize("state", State)
def test_only_an_unguarded_file_is_a_rival(
    state: State, tmp_path: Path, manifest_of: Callable
) -> None:
    (tmp_path / "pages_of").mkdir()
    (tmp_path / ENTRY).write_text(PAGE)
    matrix = Matrix((), (EntryPoint("other.py", state, "because"),), ())
    seen = list(entry.gate_source(Source(tmp_path), matrix, manifest_of(tmp_path)))
    found = [(one.path, one.line, one.got) for one in seen if not one.ok]
    assert found == ([("other.py", 1, "an unguarded rival")] if state == "unguarded" else [])


def test_a_declared_script_that_no_launcher_comes_from_is_a_finding(look: Callable) -> None:
    (found,) = look(
        "entry",
        FILES | {"go": "hello"},
        subject=SubjectSpec(launchers=("go",)),
        dashboard=OTHERS,
        retired=(),
    ).findings
    assert (found.path, found.got) == ("go", "starts no Streamlit")


BESIDES = [
    ("proxy/Dockerfile", 'FROM nginx\nCMD ["nginx", "-g", "daemon off;"]\n', False),
    ("db/Dockerfile", "FROM postgres\nCOPY . /docker-entrypoint-initdb.d\n", False),
    ("other/Dockerfile", "FROM our-streamlit-base\nCOPY . .\n", True),
    ("other/Dockerfile", f"FROM x\nCMD {RUN}\n", True),  # nothing is copied into that image
    ("Dockerfile", "FROM nginx\nCMD nginx\n", True),  # the dashboard's own
    ("Procfile", f"web: {RUN} --server.port $PORT\n", False),
    ("Procfile", "web: streamlit run rival.py\n", True),
    ("tools/extra.sh", "streamlit run gone.py\n", True),
    ("tools/extra.sh", "echo hello\n", False),
]


@pytest.mark.parametrize(("path", "text", "red"), BESIDES)
def test_launchers_that_the_manifest_does_not_name(
    path: str, text: str, red: object, look: Callable, image: Callable
) -> None:
    files = {ENTRY: PAGE, "Dockerfile": f"{HEAD}CMD {RUN}", path: text}
    seen = look("entry", files, image=image(), retired=())
    assert seen.red is red, seen.told()
    assert {one.path for one in seen.findings} <= {path}


FINE = Start("streamlit run", ENTRY, ENTRY)
RIVAL = Start("./go.sh", "go.sh", "rival.py", "it listens on 127.0.0.1:9, although PORT is 8")
ABSENT = Start("make run", "verify.toml", "", hindered="make cannot be started: No such file")


def test_what_each_launchers_page_runs_is_judged(tmp_path: Path, manifest_of: Callable) -> None:
    seen = list(entry.gate_local([FINE, RIVAL, ABSENT], manifest_of(tmp_path)))
    assert [one.ok for one in seen] == [True, False]  # a finding weighs more than what is missing
    assert (seen[1].path, seen[1].got, seen[1].message) == ("go.sh", "rival.py", RIVAL.message)


def test_a_launcher_that_cannot_be_tried_is_no_pass(tmp_path: Path, manifest_of: Callable) -> None:
    with pytest.raises(Unavailable, match="`make run`: make cannot be started"):
        list(entry.gate_local([FINE, ABSENT], manifest_of(tmp_path)))


REACHED = {
    ("0.0.0.0", "8501:8501"): False,
    ("localhost", "8501:8501"): True,
    ("0.0.0.0", "8501:9999"): True,
}


@pytest.mark.parametrize(("address", "ports"), REACHED)
def test_a_server_that_nobody_reaches_is_a_finding(
    address: str, ports: str, look: Callable, image: Callable
) -> None:
    files = {
        ENTRY: PAGE,
        ".streamlit/config.toml": f'[server]\naddress = "{address}"\n',
        "Dockerfile": f"{HEAD}CMD {RUN}\n",
        "compose.yaml": f'services:\n  a:\n    build: .\n    ports: ["{ports}"]\n',
    }
    seen = look("entry", files, image=image(), retired=())
    assert seen.red is REACHED[address, ports], seen.told()


def test_documentation_of_another_command_is_a_finding(look: Callable, image: Callable) -> None:
    files = {ENTRY: PAGE, "Dockerfile": f"{HEAD}CMD {RUN}\n"}
    files["README.md"] = f"```sh\n{RUN}\n```\n\n```sh\nstreamlit run gone.py\n```\n"
    (found,) = look("entry", files, image=image(), retired=()).findings
    assert (found.path, found.line) == ("README.md", 6)
