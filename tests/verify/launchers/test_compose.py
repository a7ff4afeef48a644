"""Compose files: each service leads to the file that its container really starts."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from verify.matrix import Launcher, Matrix

PAGE = "import streamlit as st\n\nst.title('x')\n"

IMAGE = 'FROM python\nWORKDIR /app\nCOPY . .\nCMD ["streamlit", "run", "app.py"]\n'

TREE = {
    "app.py": PAGE,
    "other.py": PAGE,
    "web/app.py": PAGE,
    "Dockerfile": IMAGE,
    "web/Dockerfile": IMAGE,
}

Row = tuple[int, str, str | None, int | None]


@pytest.fixture
def rows_of(matrix_of: Callable[..., Matrix]) -> Callable[..., list[Launcher]]:
    def ask(path: str, text: str, **files: str) -> list[Launcher]:
        more = {name.replace("__", "/").replace("_dot_", "."): one for name, one in files.items()}
        tree = {**TREE, path: dedent(text), **more}
        tree = {name: one for name, one in tree.items() if one != "-"}
        return [row for row in matrix_of(tree).launchers if row.path == path]

    return ask


def seen(row: Launcher) -> Row:
    return row.line, row.status.value, row.entry, row.port


TABLE: dict[str, tuple[str, list[Row], str]] = {
    "the image's own command": (
        "services:\n  web:\n    build: .\n",
        [(2, "ok", "app.py", 8501)],
        "by way of Dockerfile:4",
    ),
    "a context": (
        "services:\n  web:\n    build: ./web\n",
        [(2, "ok", "web/app.py", 8501)],
        "by way of web/Dockerfile:4",
    ),
    "a Dockerfile relative to its context": (
        "services:\n  web:\n    build:\n      context: web\n      dockerfile: ../Dockerfile\n",
        [(2, "ok", "web/app.py", 8501)],
        "by way of Dockerfile:4",
    ),
    "a Dockerfile that is not there": (
        "services:\n  web:\n    build: {context: ., dockerfile: Nope}\n",
        [(2, "missing", None, None)],
        "Nope is not in the repository",
    ),
    "a context outside": (
        "services:\n  web:\n    build: ../x\n    command: streamlit run app.py\n",
        [(4, "unknown", None, None)],
        "outside of the repository",
    ),
    "a context from elsewhere": (
        (
            "services:\n  web:\n    build: https://example.invalid/x.git\n"
            "    command: streamlit run app.py\n"
        ),
        [(4, "unknown", None, None)],
        "built from elsewhere",
    ),
    "a command of its own": (
        "services:\n  web:\n    build: .\n    command: streamlit run other.py\n",
        [(4, "ok", "other.py", 8501)],
        "",
    ),
    "a list": (
        (
            "services:\n  web:\n    build: .\n    command:\n      - streamlit\n      - run\n"
            "      - other.py\n      - --server.port=80\n"
        ),
        [(4, "ok", "other.py", 80)],
        "",
    ),
    "a shell in a list": (
        (
            "services:\n  web:\n    build: .\n"
            '    command: ["sh", "-c", "cd /app && exec streamlit run other.py"]\n'
        ),
        [(4, "ok", "other.py", 8501)],
        "",
    ),
    "no shell reads a plain command": (
        "services:\n  web:\n    build: .\n    command: streamlit run $$APP\n",
        [(4, "broken", None, 8501)],
        "no shell reads this",
    ),
    "an escaped variable that a shell reads": (
        (
            "services:\n  web:\n    build: .\n    environment: {APP: other.py}\n"
            "    command: sh -c 'streamlit run $$APP'\n"
        ),
        [(5, "ok", "other.py", 8501)],
        "",
    ),
    "variables as a list": (
        (
            "services:\n  web:\n    build: .\n"
            "    environment: [APP=other.py, STREAMLIT_SERVER_PORT=9]\n"
            "    command: sh -c 'streamlit run $${APP}'\n"
        ),
        [(5, "ok", "other.py", 9)],
        "",
    ),
    "a default": (
        (
            "services:\n  web:\n    build: .\n"
            "    command: streamlit run ${APP:-other.py} --server.port=${PORT-81}\n"
        ),
        [(4, "ok", "other.py", 81)],
        "unless APP, PORT is set",
    ),
    "a default within a default": (
        "services:\n  web:\n    build: .\n    command: streamlit run ${A:-${B:-other.py}}\n",
        [(4, "ok", "other.py", 8501)],
        "unless A, B is set",
    ),
    "a file that nothing sets": (
        "services:\n  web:\n    build: .\n    command: streamlit run $APP\n",
        [(4, "unknown", None, 8501)],
        "nothing here sets",
    ),
    "a port that nothing sets": (
        (
            "services:\n  web:\n    build: .\n"
            "    command: streamlit run app.py --server.port ${PORT}\n"
        ),
        [(4, "broken", "app.py", None)],
        "the port is empty, which Streamlit refuses; nothing here sets PORT",
    ),
    "a port behind an equals sign that nothing sets": (
        "services:\n  web:\n    build: .\n    command: streamlit run app.py --server.port=$PORT\n",
        [(4, "broken", "app.py", None)],
        "the port is empty, which Streamlit refuses; nothing here sets PORT",
    ),
    "a port in code that nothing sets": (
        (
            "services:\n  web:\n    build: .\n"
            "    command: sh -c 'streamlit run app.py --server.port ${PORT}'\n"
        ),
        [(4, "broken", "app.py", None)],
        "the port is empty unless PORT is set",
    ),
    "a file in code that nothing sets": (
        "services:\n  web:\n    build: .\n    command: sh -c 'streamlit run $APP'\n",
        [(4, "unknown", None, 8501)],
        "nothing here sets APP",
    ),
    "an entrypoint takes back the image's command": (
        'services:\n  web:\n    build: .\n    entrypoint: ["streamlit", "run", "other.py"]\n',
        [(4, "ok", "other.py", 8501)],
        "",
    ),
    "entrypoint and command": (
        "services:\n  web:\n    build: .\n    entrypoint: streamlit run\n    command: other.py\n",
        [(5, "ok", "other.py", 8501)],
        "",
    ),
    "null leaves it to the image": (
        "services:\n  web:\n    build: .\n    command: null\n",
        [(2, "ok", "app.py", 8501)],
        "",
    ),
    "a working directory": (
        (
            "services:\n  web:\n    build: .\n    working_dir: /app/web\n"
            "    command: streamlit run app.py\n"
        ),
        [(5, "ok", "web/app.py", 8501)],
        "",
    ),
    "a file the image lacks": (
        "services:\n  web:\n    build: web\n    command: streamlit run other.py\n",
        [(4, "not_in_image", None, 8501)],
        "no COPY brings it",
    ),
    "a mount brings what no COPY does": (
        (
            "services:\n  web:\n    build: web\n    volumes: ['.:/app']\n"
            "    command: streamlit run other.py\n"
        ),
        [(5, "ok", "other.py", 8501)],
        "",
    ),
    "a mount hides what a COPY brings": (
        (
            "services:\n  web:\n    build: .\n    volumes: ['./web:/app']\n"
            "    command: streamlit run other.py\n"
        ),
        [(5, "missing", None, 8501)],
        "mounted at /app",
    ),
    "a mount in the long form": (
        (
            "services:\n  web:\n    build: web\n    volumes:\n      - type: bind\n"
            "        source: .\n"
            "        target: /app\n    command: streamlit run other.py\n"
        ),
        [(8, "ok", "other.py", 8501)],
        "",
    ),
    "a named volume keeps the image's files": (
        "services:\n  web:\n    build: .\n    volumes: ['data:/app']\n",
        [(2, "ok", "app.py", 8501)],
        "",
    ),
    "a folder from elsewhere hides them": (
        "services:\n  web:\n    build: .\n    volumes: ['/srv/x:/app']\n",
        [(2, "unknown", None, 8501)],
        "mounted from elsewhere",
    ),
    "an image from elsewhere with the checkout mounted": (
        (
            "services:\n  web:\n    image: python:3.12\n    working_dir: /src\n"
            "    volumes: ['.:/src']\n"
            '    command: bash -c "pip install streamlit && streamlit run other.py"\n'
        ),
        [(6, "ok", "other.py", 8501)],
        "",
    ),
    "an image from elsewhere": (
        "services:\n  web:\n    image: acme/web\n    command: streamlit run app.py\n",
        [(4, "unknown", None, 8501)],
        "the image acme/web is not built here",
    ),
    "others' images are no rows": (
        "services:\n  db:\n    image: postgres\n    command: postgres -c x=1\n",
        [],
        "",
    ),
    "an image that another service builds": (
        (
            "services:\n  one:\n    build: .\n    image: mine:1\n"
            "  two:\n    image: mine:1\n    command: streamlit run other.py\n"
        ),
        [(2, "ok", "app.py", 8501), (7, "ok", "other.py", 8501)],
        "",
    ),
    "an image that another service gives a tag": (
        (
            "services:\n  one:\n    build:\n      context: .\n      tags: [mine:1]\n"
            "  two:\n    image: mine:1\n    command: streamlit run other.py\n"
        ),
        [(2, "ok", "app.py", 8501), (8, "ok", "other.py", 8501)],
        "",
    ),
    "a build that starts no Streamlit": (
        "services:\n  web:\n    build: .\n    command: sleep infinity\n",
        [(4, "not_streamlit", None, None)],
        "starts no Streamlit",
    ),
    "an anchor": (
        (
            "x-web: &web\n  build: .\nservices:\n  a:\n    <<: *web\n"
            "    command: streamlit run other.py\n"
        ),
        [(6, "ok", "other.py", 8501)],
        "",
    ),
    "a service that extends another": (
        (
            "services:\n  a:\n    build: .\n    command: streamlit run other.py\n"
            "  b:\n    extends: a\n    environment: {STREAMLIT_SERVER_PORT: '99'}\n"
        ),
        [(4, "ok", "other.py", 8501), (5, "ok", "other.py", 99)],
        "",
    ),
    "services that extend each other": (
        "services:\n  a: {build: ., extends: b}\n  b: {extends: {service: a}}\n",
        [(2, "ok", "app.py", 8501), (3, "ok", "app.py", 8501)],
        "",
    ),
    "a profile": (
        "services:\n  a:\n    build: .\n    profiles: [dev]\n",
        [(2, "ok", "app.py", 8501)],
        "only with the profile dev",
    ),
    "another port is published": (
        "services:\n  a:\n    build: .\n    ports: ['80:8080']\n",
        [(2, "ok", "app.py", 8501)],
        "publishes 8080, not 8501",
    ),
    "an inline Dockerfile": (
        (
            "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n"
            "        FROM python\n        COPY other.py /x.py\n        CMD streamlit run /x.py\n"
        ),
        [(2, "ok", "other.py", 8501)],
        "",
    ),
    "watching is no launch": (
        (
            "services:\n  a:\n    build: .\n    develop:\n      watch:\n"
            "        - {path: ., action: sync+exec, exec: {command: streamlit run other.py}}\n"
        ),
        [(2, "ok", "app.py", 8501)],
        "",
    ),
    "not YAML": (
        "services:\n  a: [\n    command: streamlit run app.py\n",
        [(4, "broken", None, None)],
        "is not YAML",
    ),
    "an open quote": (
        'services:\n  a:\n    build: .\n    command: streamlit run "other.py\n',
        [(4, "broken", None, None)],
        "cannot split it into words: no closing quotation",
    ),
    "nothing that fits": ("services: [1, 2]\nx: {services: 3}\n", [], ""),
    "services of nothing": ("services:\n  a:\n  b: text\n  c: []\n", [], ""),
}


@pytest.mark.parametrize("name", TABLE)
def test_services(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    text, expected, why = TABLE[name]
    rows = rows_of("compose.yaml", text)
    assert [seen(row) for row in rows] == expected, rows
    assert all(row.kind == "compose" for row in rows)
    assert not expected or why in rows[-1].why


def test_a_port_that_is_published_is_not_worth_a_word(
    rows_of: Callable[..., list[Launcher]],
) -> None:
    for ports in ("'8501:8501'", "8501", "'127.0.0.1:80:8501/tcp'", "'8500-8502:8500-8502'"):
        text = f"services:\n  a:\n    build: .\n    ports: [{ports}]\n"
        assert "publishes" not in rows_of("compose.yaml", text)[0].why


def test_variables_of_dotenv(rows_of: Callable[..., list[Launcher]]) -> None:
    text = (
        "services:\n  a:\n    build: .\n"
        "    command: streamlit run $APP --server.port=${PORT:-1} ${NO:+x}\n"
    )
    row = rows_of("compose.yaml", text, _dot_env="APP=other.py\nPORT=77 # the port\n")[0]
    assert seen(row) == (4, "ok", "other.py", 77)


def test_an_example_tells_that_somebody_sets_a_port(rows_of: Callable[..., list[Launcher]]) -> None:
    text = "services:\n  a:\n    build: .\n    command: streamlit run app.py --server.port=$PORT\n"
    row = rows_of("compose.yaml", text, _dot_env_dot_example="PORT=8501\n")[0]
    assert seen(row) == (4, "ok", "app.py", None)


def test_env_file(rows_of: Callable[..., list[Launcher]]) -> None:
    text = """\
        services:
          a:
            build: .
            env_file: [web.env]
            command: sh -c 'streamlit run $$APP --server.port=$$PORT'
        """
    row = rows_of("compose.yaml", text, web_dot_env="APP=other.py\nPORT=78\n")[0]
    assert seen(row) == (5, "ok", "other.py", 78)


def test_an_env_file_that_is_not_here_may_set_the_port(
    rows_of: Callable[..., list[Launcher]],
) -> None:
    text = """\
        services:
          a:
            build: .
            env_file: .env
            command: sh -c 'streamlit run app.py --server.port=$$PORT'
        """
    assert seen(rows_of("compose.yaml", text)[0]) == (5, "ok", "app.py", None)


def test_build_arguments(rows_of: Callable[..., list[Launcher]]) -> None:
    image = "FROM python\nARG APP=app.py\nENV APP=$APP\nCOPY . .\nCMD streamlit run $APP\n"
    text = "services:\n  a:\n    build: {context: ., args: {APP: other.py}}\n  b: {build: .}\n"
    rows = rows_of("compose.yaml", text, Dockerfile=image)
    assert [row.entry for row in rows] == ["other.py", "app.py"]


def test_a_target(rows_of: Callable[..., list[Launcher]]) -> None:
    image = (
        "FROM python AS one\nCOPY . /s\nCMD streamlit run /s/app.py\n"
        "FROM python\nCOPY . /s\nCMD streamlit run /s/other.py\n"
    )
    text = "services:\n  a:\n    build: {context: ., target: one}\n  b: {build: .}\n"
    rows = rows_of("compose.yaml", text, Dockerfile=image)
    assert [row.entry for row in rows] == ["app.py", "other.py"]


BASE = "services:\n  web:\n    build: .\n    environment: {APP: app.py}\n"

OVERRIDES: dict[str, tuple[str, str, list[Row], str]] = {
    "a command put over": (
        "compose.override.yaml",
        "services:\n  web:\n    command: streamlit run other.py\n",
        [(3, "ok", "other.py", 8501)],
        "taken together with compose.yaml",
    ),
    "a file of another name that builds nothing": (
        "compose.prod.yaml",
        "services:\n  web:\n    command: streamlit run other.py\n",
        [(3, "ok", "other.py", 8501)],
        "taken together with compose.yaml",
    ),
    "one that stands alone": (
        "compose.prod.yaml",
        "services:\n  web:\n    build: ./web\n",
        [(2, "ok", "web/app.py", 8501)],
        "by way of web/Dockerfile:4",
    ),
    "a mount put over": (
        "compose.override.yaml",
        "services:\n  web:\n    volumes: ['./web:/app']\n",
        [(2, "ok", "web/app.py", 8501)],
        "taken together with compose.yaml",
    ),
    "what changes nothing is no row": (
        "compose.override.yaml",
        "services:\n  web:\n    restart: always\n    ports: ['8501:8501']\n",
        [],
        "",
    ),
    "a variable put over": (
        "compose.override.yaml",
        "services:\n  web:\n    environment: [STREAMLIT_SERVER_PORT=90]\n",
        [(2, "ok", "app.py", 90)],
        "taken together with compose.yaml",
    ),
    "a service of its own": (
        "compose.override.yaml",
        "services:\n  more:\n    build: web\n",
        [(2, "ok", "web/app.py", 8501)],
        "",
    ),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_several_files_of_one_project(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    path, text, expected, why = OVERRIDES[name]
    rows = rows_of(path, text, compose_dot_yaml=BASE)
    assert [seen(row) for row in rows] == expected, rows
    assert not rows or why in rows[0].why


def test_a_file_in_a_folder(rows_of: Callable[..., list[Launcher]]) -> None:
    text = "services:\n  web:\n    build:\n      context: ..\n      dockerfile: web/Dockerfile\n"
    rows = rows_of("deploy/docker-compose.yml", text)
    assert [seen(row) for row in rows] == [(2, "ok", "app.py", 8501)]


def test_a_service_extends_one_of_another_file(rows_of: Callable[..., list[Launcher]]) -> None:
    text = "services:\n  a:\n    extends: {file: web/common.yml, service: base}\n"
    common = "services:\n  base:\n    build: .\n"
    rows = rows_of("compose.yaml", text, web__common_dot_yml=common)
    assert [seen(row) for row in rows] == [(2, "ok", "web/app.py", 8501)]


def test_the_context_of_a_compose_file_counts_for_the_dockerfile(
    matrix_of: Callable[..., Matrix],
) -> None:
    tree = {
        "src/app.py": PAGE,
        "deploy/Dockerfile": "FROM python\nCOPY app.py /\nCMD streamlit run /app.py\n",
        "compose.yaml": (
            "services:\n  a:\n    build: {context: src, dockerfile: ../deploy/Dockerfile}\n"
        ),
    }
    rows = {row.path: row for row in matrix_of(tree).launchers}
    assert rows["deploy/Dockerfile"].entry == "src/app.py"
