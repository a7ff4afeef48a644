"""What a container of a Dockerfile's image starts, and whether the image can be built at all."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from verify.matrix import Status

PAGE = "import streamlit as st\n\nst.title('x')\n"
TREE = {
    "app.py": PAGE,
    "src/app.py": PAGE,
    "web/streamlit_app.py": PAGE,
    "requirements.txt": "streamlit\n",
    "scripts/start.sh": "#!/bin/sh\nexec streamlit run app.py\n",
}
HEAD = "FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
OK, BROKEN, MISSING = Status.OK, Status.BROKEN, Status.MISSING
NOT_IN_IMAGE, UNKNOWN, NOT_STREAMLIT = Status.NOT_IN_IMAGE, Status.UNKNOWN, Status.NOT_STREAMLIT


@dataclass(frozen=True)
class Case:
    """A Dockerfile and what its row must say."""

    text: str
    status: Status
    entry: str | None = None
    port: int | None = 8501
    why: str = ""


CASES = {
    "exec form": Case(f'{HEAD}CMD ["streamlit", "run", "app.py"]', OK, "app.py"),
    "port of an option": Case(f"{HEAD}CMD streamlit run app.py --server.port=80", OK, "app.py", 80),
    "port of ENV": Case(
        f"{HEAD}ENV STREAMLIT_SERVER_PORT=8600\nCMD streamlit run app.py", OK, "app.py", 8600
    ),
    "port of ENV from ARG": Case(
        f"{HEAD}ARG P=8700\nENV PORT=$P\nCMD streamlit run app.py --server.port $PORT",
        OK,
        "app.py",
        8700,
    ),
    "port default": Case(
        f"{HEAD}CMD streamlit run app.py --server.port ${{PORT:-8080}}", OK, "app.py", 8080
    ),
    "empty port": Case(
        f"{HEAD}CMD streamlit run app.py --server.port $PORT", BROKEN, "app.py", None, "PORT"
    ),
    "empty port in sh -c": Case(
        f'{HEAD}CMD ["sh", "-c", "streamlit run app.py --server.port=$PORT"]',
        BROKEN,
        "app.py",
        None,
        "PORT",
    ),
    "ARG is gone at run time": Case(
        f"{HEAD}ARG PORT=80\nCMD streamlit run app.py --server.port=$PORT",
        BROKEN,
        "app.py",
        None,
        "PORT",
    ),
    "no shell, so no variable": Case(
        f'{HEAD}ENV PORT=80\nCMD ["streamlit", "run", "app.py", "--server.port=$PORT"]',
        BROKEN,
        "app.py",
        None,
        "no shell",
    ),
    "target is text": Case(
        f'{HEAD}ENV APP=app.py\nCMD ["streamlit", "run", "$APP"]', BROKEN, None, 8501, "no shell"
    ),
    "single quotes": Case(f"{HEAD}CMD ['streamlit', 'run', 'app.py']", BROKEN, None, None, "JSON"),
    "misspelt command": Case(f"{HEAD}CMD streamlit rnu app.py", BROKEN, None, None, "rnu"),
    "run forgotten": Case(f"{HEAD}CMD streamlit app.py", BROKEN, None, None, "app.py"),
    "option eats the target": Case(
        f"{HEAD}CMD streamlit run --server.headless app.py", BROKEN, None, None, "headless"
    ),
    "no .py": Case(f"{HEAD}CMD streamlit run app", BROKEN, None, 8501, ".py"),
    "no target": Case(f"{HEAD}CMD streamlit run", MISSING, None, 8501, "streamlit_app.py"),
    "folder": Case(f"{HEAD}CMD streamlit run web", OK, "web/streamlit_app.py"),
    "STREAMLIT_RUN_TARGET": Case(
        f"{HEAD}ENV STREAMLIT_RUN_TARGET=src/app.py\nCMD streamlit run", OK, "src/app.py"
    ),
    "url": Case(
        f"{HEAD}CMD streamlit run https://x.invalid/a.py", MISSING, None, 8501, "elsewhere"
    ),
    "hello": Case(f"{HEAD}CMD streamlit hello", NOT_STREAMLIT, None, None, "demo"),
    "plain python": Case(f"{HEAD}CMD python app.py", NOT_STREAMLIT, "app.py", None, "Python"),
    "another program": Case(f"{HEAD}CMD nginx -g daemon", NOT_STREAMLIT, None, None, "nginx"),
    "base image decides": Case(HEAD, UNKNOWN, None, None, "base image"),
    "whole tree in a folder": Case(
        "FROM python:3.12\nWORKDIR /src\nCOPY . /src\nCMD streamlit run src/app.py",
        OK,
        "src/app.py",
    ),
    "folder's content": Case(
        "FROM python:3.12\nWORKDIR /a\nCOPY src/ .\nCMD streamlit run app.py", OK, "src/app.py"
    ),
    "renamed": Case(
        "FROM python:3.12\nCOPY src/app.py /srv/main.py\nCMD streamlit run /srv/main.py",
        OK,
        "src/app.py",
    ),
    "wildcard folder": Case(
        "FROM python:3.12\nWORKDIR /a\nCOPY s* ./\nCMD streamlit run app.py", OK, "src/app.py"
    ),
    "from a stage": Case(
        "FROM python:3.12 AS a\nWORKDIR /b\nCOPY src .\nFROM python:3.12\nCOPY --from=a /b /c\n"
        "CMD streamlit run /c/app.py",
        OK,
        "src/app.py",
    ),
    "never copied": Case(
        "FROM python:3.12\nWORKDIR /app\nCOPY src src\nCMD streamlit run app.py",
        NOT_IN_IMAGE,
        None,
        8501,
        "app.py is in the repository",
    ),
    "copied elsewhere": Case(
        "FROM python:3.12\nWORKDIR /app\nCOPY src/app.py ./\nCMD streamlit run src/app.py",
        NOT_IN_IMAGE,
        None,
        8501,
        "src/app.py",
    ),
    "misspelt": Case(f"{HEAD}CMD streamlit run ap.py", MISSING, None, 8501, "ap.py is not in"),
    "cloned": Case(
        "FROM python:3.12\nWORKDIR /a\nRUN git clone https://x.invalid/y .\n"
        "CMD streamlit run main.py",
        UNKNOWN,
        None,
        8501,
        "line 3",
    ),
    "moved by RUN": Case(
        f"{HEAD}RUN mv app.py main.py\nCMD streamlit run main.py", UNKNOWN, None, 8501, "line 4"
    ),
    "rewritten by RUN": Case(
        f"{HEAD}RUN cp src/app.py app.py\nCMD streamlit run app.py", UNKNOWN, None, None, "line 4"
    ),
    "script copied and called": Case(
        f'{HEAD}COPY scripts/start.sh /start.sh\nCMD ["/start.sh"]',
        OK,
        "app.py",
        8501,
        "scripts/start.sh:2",
    ),
    "entrypoint runs its arguments": Case(
        f"{HEAD}RUN printf '#!/bin/sh\\nexec \"$@\"\\n' > /e.sh\n"
        'ENTRYPOINT ["/e.sh"]\nCMD ["streamlit", "run", "app.py"]',
        OK,
        "app.py",
    ),
    "script by echo": Case(
        f"{HEAD}RUN echo '#!/bin/sh' > /e.sh && echo 'streamlit run src/app.py' >> /e.sh\n"
        'CMD ["/e.sh"]',
        OK,
        "src/app.py",
    ),
    "script by here-document": Case(
        f"{HEAD}RUN cat <<'EOF' > /e.sh\n#!/bin/sh\nstreamlit run src/app.py\nEOF\nCMD sh /e.sh",
        OK,
        "src/app.py",
    ),
    "script by COPY of a here-document": Case(
        f"{HEAD}COPY <<EOF /e.sh\n#!/bin/sh\nstreamlit run src/app.py\nEOF\nCMD sh /e.sh",
        OK,
        "src/app.py",
    ),
    "script by a RUN block": Case(
        f"{HEAD}RUN <<EOF\necho streamlit run src/app.py > /e.sh\nchmod +x /e.sh\nEOF\nCMD /e.sh",
        OK,
        "src/app.py",
    ),
    "script by tee": Case(
        f"{HEAD}RUN echo 'streamlit run src/app.py' | tee /e.sh > /dev/null\nCMD sh /e.sh",
        OK,
        "src/app.py",
    ),
    "script by a program": Case(
        f"{HEAD}RUN python make.py > /e.sh\nCMD sh /e.sh", UNKNOWN, None, None, "line 4"
    ),
    "written path expanded at build": Case(
        f'{HEAD}RUN echo "streamlit run $HOME/app.py" > /e.sh\nCMD sh /e.sh',
        UNKNOWN,
        None,
        None,
    ),
    "requirements never copied": Case(
        "FROM python:3.12\nWORKDIR /app\nRUN pip install -r requirements.txt\nCOPY . .\n"
        "CMD streamlit run app.py",
        BROKEN,
        "app.py",
        8501,
        "requirements.txt",
    ),
    "requirements copied first": Case(
        "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\n"
        "RUN pip install -r requirements.txt\nCOPY . .\nCMD streamlit run app.py",
        OK,
        "app.py",
    ),
    "requirements of somebody's base": Case(
        "FROM org/base\nWORKDIR /app\nRUN pip install -r requirements.txt\nCOPY . .\n"
        "CMD streamlit run app.py",
        OK,
        "app.py",
    ),
    "requirements written": Case(
        "FROM python:3.12\nWORKDIR /app\nRUN echo streamlit > requirements.txt\n"
        "RUN pip install -r requirements.txt\nCOPY . .\nCMD streamlit run app.py",
        OK,
        "app.py",
    ),
    "requirements bound": Case(
        "FROM python:3.12\nWORKDIR /app\n"
        "RUN --mount=type=bind,source=requirements.txt,target=r.txt pip install -r r.txt\n"
        "COPY . .\nCMD streamlit run app.py",
        OK,
        "app.py",
    ),
    "install of nothing": Case(
        f"{HEAD}RUN pip install .\nCMD streamlit run app.py", BROKEN, "app.py", 8501, "pyproject"
    ),
    "poetry without its file": Case(
        f"{HEAD}RUN poetry install\nCMD streamlit run app.py", BROKEN, "app.py", 8501, "pyproject"
    ),
    "a virtual environment is no script to follow": Case(
        f"{HEAD}RUN python -m venv ./v && . ./v/bin/activate && pip install streamlit\n"
        "CMD . ./v/bin/activate && streamlit run app.py",
        OK,
        "app.py",
    ),
    "COPY cannot leave the context": Case(
        "FROM x\nWORKDIR /app\nCOPY ../requirements.txt .\nCOPY .. .\nCMD streamlit run src/app.py",
        OK,
        "src/app.py",
    ),
    "COPY of what is not there": Case(
        f"{HEAD}COPY models/ models/\nCMD streamlit run app.py", BROKEN, "app.py", 8501, "models"
    ),
    "unknown instruction": Case(
        f"{HEAD}COMMAND x\nCMD streamlit run app.py", BROKEN, "app.py", 8501, "COMMAND"
    ),
    "no FROM": Case("streamlit run app.py\n", BROKEN, None, None, "FROM"),
    "shell form swallows CMD": Case(
        f'{HEAD}ENTRYPOINT streamlit run app.py\nCMD ["src/app.py"]', OK, "app.py"
    ),
    "ENTRYPOINT of a later stage takes CMD back": Case(
        f"{HEAD.replace('12', '12 AS a', 1)}CMD streamlit run app.py\n"
        'FROM a\nENTRYPOINT ["streamlit"]\n',
        NOT_STREAMLIT,
        None,
        None,
    ),
    "health check launches nothing": Case(
        f"{HEAD}HEALTHCHECK CMD streamlit run src/app.py\nCMD streamlit run app.py", OK, "app.py"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_dockerfile(name: str, row_of: Callable) -> None:
    case = CASES[name]
    row = row_of("Dockerfile", TREE | {"Dockerfile": case.text})
    got = (row.status, row.entry, row.port)
    assert got == (case.status, case.entry, case.port), row
    assert case.why in row.why


def test_a_row_stands_on_the_instruction_and_shows_it_as_written(row_of: Callable) -> None:
    row = row_of("Dockerfile", TREE | {"Dockerfile": f"{HEAD}CMD streamlit run \\\n  app.py\n"})
    assert (row.line, row.kind, row.raw) == (4, "dockerfile", "CMD streamlit run   app.py")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Dockerfile", True),
        ("Dockerfile.prod", True),
        ("docker/web.Dockerfile", True),
        ("Containerfile", True),
        ("dockerfile.py", False),
        ("Dockerfile.md", False),
        ("Dockerfile.dockerignore", False),
    ],
)
def test_a_dockerfile_is_known_by_its_name(name: str, is_one: object, matrix_of: Callable) -> None:
    rows = matrix_of(TREE | {name: f"{HEAD}CMD streamlit run app.py"}).launchers
    assert any(row.path == name for row in rows) is is_one


IGNORED = {
    "app.py": (NOT_IN_IMAGE, ".dockerignore:1"),
    "**/*.py": (NOT_IN_IMAGE, ".dockerignore:1"),
    "*\n!app.py\n": (OK, ""),
    "*\n!app.py\napp.py\n": (NOT_IN_IMAGE, ".dockerignore:3"),
    "# app.py\n": (OK, ""),
    "src\n": (OK, ""),
    "[a-b]pp.py\n": (NOT_IN_IMAGE, ".dockerignore:1"),
    "/app.py\n": (NOT_IN_IMAGE, ".dockerignore:1"),
}


@pytest.mark.parametrize("text", IGNORED)
def test_dockerignore_decides_what_is_in_the_image(text: str, row_of: Callable) -> None:
    files = {"Dockerfile": f"{HEAD}CMD streamlit run app.py", ".dockerignore": text}
    row = row_of("Dockerfile", TREE | files)
    assert (row.status, IGNORED[text][1] in row.why) == (IGNORED[text][0], True), row


def test_a_dockerfile_below_is_built_where_it_fits(row_of: Callable) -> None:
    text = "FROM python:3.12\nCOPY requirements.txt src/app.py ./\nCMD streamlit run app.py"
    row = row_of("docker/Dockerfile", TREE | {"docker/Dockerfile": text})
    assert (row.status, row.entry) == (OK, "src/app.py")
    assert "the root for the build context" in row.why


def test_a_dockerfile_that_fits_in_two_contexts_names_both(row_of: Callable) -> None:
    text = "FROM python:3.12\nWORKDIR /a\nCOPY . .\nCMD streamlit run app.py"
    row = row_of("src/Dockerfile", TREE | {"src/Dockerfile": text})
    assert (row.status, row.entry) == (Status.DYNAMIC, None)
    assert set(row.candidates) == {"app.py", "src/app.py"}


def test_what_git_ignores_is_made_before_the_build(row_of: Callable) -> None:
    text = f"{HEAD}COPY dist/ dist/\nCMD streamlit run app.py"
    files = TREE | {"Dockerfile": text, ".gitignore": "dist/\n"}
    assert row_of("Dockerfile", files).status is OK


def test_a_program_of_an_environment_is_no_missing_script(row_of: Callable) -> None:
    text = f"{HEAD}CMD venv/bin/gunicorn site:app"
    row = row_of("Dockerfile", TREE | {"Dockerfile": text})
    assert (row.status, row.why.startswith("it starts no Streamlit")) == (NOT_STREAMLIT, True)


def test_installed_programs_are_none_of_the_project(matrix_of: Callable) -> None:
    folder = "env/lib/python3.12/site-packages/streamlit"
    files = TREE | {f"{folder}/demo.py": PAGE, f"{folder}/run.sh": "streamlit run demo.py\n"}
    found = matrix_of(files)
    assert not [row.path for row in found.launchers if "site-packages" in row.path]
    assert not [point.path for point in found.entry_points if "site-packages" in point.path]
