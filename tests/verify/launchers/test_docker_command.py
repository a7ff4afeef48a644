"""Calls of docker and compose in scripts lead to what their containers start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verify.matrix import Launcher, Matrix
from verify.probes.launchers.images.docker_builds import build_command
from verify.probes.launchers.images.options import split
from verify.probes.launchers.place import ROOT
from verify.probes.launchers.world import Build, World
from verify.probes.source import Source

PAGE = "import streamlit as st\n\nst.title('x')\n"

TREE = {
    "app.py": PAGE,
    "other.py": PAGE,
    "web/page.py": PAGE,
    "Dockerfile": "FROM python\nARG FILE=app.py\nENV FILE=$FILE\nWORKDIR /app\nCOPY . .\n"
    "CMD streamlit run $FILE\n",
    "web/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n"
    'ENTRYPOINT ["streamlit", "run"]\nCMD ["page.py"]\n',
    "compose.yaml": "services:\n  one:\n    build: .\n"
    "  two:\n    build: web\n    profiles: [more]\n",
    "compose.prod.yaml": "services:\n  one:\n    command: streamlit run other.py\n",
}

Row = tuple[int, str, str | None, int | None]


@pytest.fixture
def rows_of(matrix_of: Callable[..., Matrix]) -> Callable[..., list[Launcher]]:
    def ask(path: str, text: str) -> list[Launcher]:
        rows = matrix_of({**TREE, path: text}).launchers
        return [row for row in rows if row.path == path]

    return ask


def seen(row: Launcher) -> Row:
    return row.line, row.status.value, row.entry, row.port


BUILT = "docker build -t one .\ndocker build -t two:3 --no-cache web\n"

TABLE: dict[str, tuple[str, list[Row], str]] = {
    "run": (
        "docker run --rm -it -p 80:8501 one",
        [(3, "ok", "app.py", 8501)],
        "by way of Dockerfile:6",
    ),
    "run of what only one folder builds": (
        "docker build -t two nowhere\ndocker run two",
        [(4, "ok", "web/page.py", 8501)],
        "",
    ),
    "run by another tag": ("docker run two", [(3, "ok", "web/page.py", 8501)], ""),
    "run with a command": (
        "docker run -d one streamlit run other.py --server.port=90",
        [(3, "ok", "other.py", 90)],
        "",
    ),
    "a command is appended to ENTRYPOINT": (
        "docker run two:3 page.py --server.port 91",
        [(3, "ok", "web/page.py", 91)],
        "",
    ),
    "another entrypoint": (
        "docker run --entrypoint sh one -c 'streamlit run other.py'",
        [(3, "ok", "other.py", 8501)],
        "",
    ),
    "an entrypoint taken back": (
        "docker run --entrypoint '' two streamlit run page.py",
        [(3, "ok", "web/page.py", 8501)],
        "",
    ),
    "variables": (
        "docker run -eFILE=other.py --env STREAMLIT_SERVER_PORT=9 one",
        [(3, "ok", "other.py", 9)],
        "",
    ),
    "a working directory": (
        "docker run -w /app/web one streamlit run page.py",
        [(3, "ok", "web/page.py", 8501)],
        "",
    ),
    "a mount": (
        'docker run -v "$PWD":/app two other.py',
        [(3, "ok", "other.py", 8501)],
        "",
    ),
    "a mount in the long form": (
        'docker run --mount type=bind,source="$(pwd)",target=/app two other.py',
        [(3, "ok", "other.py", 8501)],
        "",
    ),
    "an image from elsewhere with the checkout mounted": (
        "docker run -v $PWD:/w -w /w python:3.12 sh -c 'pip install .; streamlit run app.py'",
        [(3, "ok", "app.py", 8501)],
        "",
    ),
    "podman": ("podman run one", [(3, "ok", "app.py", 8501)], ""),
    "container run": ("docker container run one", [(3, "ok", "app.py", 8501)], ""),
    "sudo": ("sudo docker run one", [(3, "ok", "app.py", 8501)], ""),
    "another's image": ("docker run -p 80:80 nginx", [], ""),
    "an image whose Dockerfile is not there": (
        "docker build -t gone -f Nope .\ndocker run gone make test",
        [],
        "",
    ),
    "a page of an image whose Dockerfile is not there": (
        "docker build -t gone -f Nope .\ndocker run gone streamlit run app.py",
        [(4, "missing", None, None)],
        "Nope is not in the repository",
    ),
    "several could be meant": (
        "docker run -p 8501:8501 acme/x",
        [(3, "unknown", None, None)],
        "nothing tells which of Dockerfile, web/Dockerfile",
    ),
    "an image that a variable names": (
        "docker run -p 8501:8501 $IMAGE",
        [(3, "unknown", None, None)],
        "the image depends on a variable",
    ),
    "exec": (
        "docker exec -it thing streamlit run app.py",
        [(3, "unknown", None, None)],
        "runs in the container thing",
    ),
    "exec of something else": ("docker exec -it thing bash", [], ""),
    "compose up": ("docker compose up -d --build", [(3, "ok", "app.py", 8501)], ""),
    "compose up with a profile": (
        "docker compose --profile more up",
        [(3, "ok", "app.py", 8501), (3, "ok", "web/page.py", 8501)],
        "",
    ),
    "compose up of one service": (
        "docker-compose up two",
        [(3, "ok", "web/page.py", 8501)],
        "",
    ),
    "compose with several files": (
        "docker compose -f compose.yaml -f compose.prod.yaml up",
        [(3, "ok", "other.py", 8501)],
        "by way of compose.prod.yaml:3",
    ),
    "compose from another folder": (
        "cd web && docker compose -f ../compose.yaml up",
        [(3, "ok", "app.py", 8501)],
        "",
    ),
    "compose run": (
        "docker compose run --rm -p 1:1 one streamlit run other.py",
        [(3, "ok", "other.py", 8501)],
        "",
    ),
    "compose exec": (
        "docker compose exec -T two streamlit run page.py",
        [(3, "ok", "web/page.py", 8501)],
        "",
    ),
    "compose down": ("docker compose down", [], ""),
    "ps": ("docker ps | grep streamlit", [], ""),
    "no end": ("docker run", [], ""),
    "only options": ("docker --context x", [], ""),
}


@pytest.mark.parametrize("name", TABLE)
def test_scripts(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    line, expected, why = TABLE[name]
    rows = rows_of("run.sh", BUILT + line + "\n")
    assert [seen(row) for row in rows] == expected, rows
    assert not rows or why in rows[0].why


def test_build_arguments_count(rows_of: Callable[..., list[Launcher]]) -> None:
    text = "docker build --build-arg FILE=other.py -t x .\ndocker run x\n"
    assert [row.entry for row in rows_of("run.sh", text)] == ["other.py"]


def test_an_image_that_runs_docker_is_not_followed(matrix_of: Callable[..., Matrix]) -> None:
    files = {**TREE, "build.sh": BUILT, "Loop.Dockerfile": "FROM docker\nCMD docker run one\n"}
    rows = [row for row in matrix_of(files).launchers if row.path == "Loop.Dockerfile"]
    assert [row.entry for row in rows] == [None]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "IMAGE = mine\nbuild:\n\tdocker build -t $(IMAGE) .\n"),
        ("deploy/build.sh", "cd .. && docker buildx build --push -t mine .\n"),
        (
            ".github/workflows/x.yml",
            "jobs:\n  a:\n    steps:\n      - run: docker build . -t mine\n",
        ),
        (
            "build.sh",
            "IMAGE=mine\ndocker build \\\n  --tag=$IMAGE:$(git rev-parse HEAD) -t $IMAGE .\n",
        ),
        ("justfile", "build:\n    podman build -t mine .\n"),
        ("package.json", '{"scripts": {"build": "docker build -t mine ."}}'),
        ("build.sh", "gcloud builds submit --tag mine\n"),
    ],
)
def test_builds_are_found_wherever_they_stand(
    tmp_path, monkeypatch: pytest.MonkeyPatch, path: str, text: str
) -> None:
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])
    for name, content in {"Dockerfile": TREE["Dockerfile"], path: text}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    source = Source(tmp_path)
    source.__dict__["files"] = ("Dockerfile", path)  # a hidden folder is not listed outside of git
    build = World(source).build_of("registry/mine".removeprefix("registry/"))
    assert build is not None
    assert (build.dockerfile, build.context) == ("Dockerfile", "")
    assert build.place.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("docker build .", [Build("", "Dockerfile", "", "", "x:1")]),
        ("docker build -t a -t b:1 d", [Build("a", "d/Dockerfile", "d", "", "x:1"),
                                        Build("b:1", "d/Dockerfile", "d", "", "x:1")]),
        ("docker build -f d/My --target t .", [Build("", "d/My", "", "t", "x:1")]),
        ("docker buildx build --file=My d", [Build("", "My", "d", "", "x:1")]),
        ("docker image build --build-arg A=b --build-arg C .",
         [Build("", "Dockerfile", "", "", "x:1", (("A", "b"),))]),
        ("az acr build -r reg -t a .", [Build("a", "Dockerfile", "", "", "x:1")]),
        ("buildah bud -t a .", [Build("a", "Dockerfile", "", "", "x:1")]),
        ("docker build -", []),
        ("docker build https://example.invalid/x.git", []),
        ("docker build ..", []),
        ("docker build", []),
        ("docker compose build .", []),
        ("docker run build .", []),
        ("make build .", []),
        ("", []),
    ],
)  # fmt: skip
def test_build_commands(command: str, expected: list[Build]) -> None:
    assert list(build_command(command.split(), ROOT, "x:1")) == expected


@pytest.mark.parametrize(
    ("words", "values", "rest"),
    [
        (
            "-it -p 1:2 image cmd -x",
            {"-i": [""], "-t": [""], "-p": ["1:2"]},
            ["image", "cmd", "-x"],
        ),
        ("-p1:2 --rm=true image", {"-p": ["1:2"], "--rm": ["true"]}, ["image"]),
        ("-e A=1 -e B=2", {"-e": ["A=1", "B=2"]}, []),
        ("-itp 1:2 image", {"-i": [""], "-t": [""], "-p": ["1:2"]}, ["image"]),
        ("-- -x", {}, ["-x"]),
        ("-p", {"-p": [""]}, []),
    ],
)
def test_options(words: str, values: dict[str, list[str]], rest: list[str]) -> None:
    found = split(words.split(), {"-i", "-t", "--rm"})
    assert (found.values, found.rest) == (values, rest)
