"""Each recipe line of a makefile is followed as make and the shell would, each way it may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Callable

OK, MISSING, BROKEN = Status.OK, Status.MISSING, Status.BROKEN
UNKNOWN, DYNAMIC = Status.UNKNOWN, Status.DYNAMIC
PAGE = "import streamlit as st\n\nst.title('x')\n"
TREE = dict.fromkeys(("app.py", "a.py", "b.py", "ui/app.py", "streamlit_app.py"), PAGE)

ROWS: dict[str, tuple[str, list[tuple[int, Status, str | None, int | None]]]] = {
    "plain": ("run:\n\tstreamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "prefixes": ("run:\n\t@-+streamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "after a semicolon": ("run: dep ; streamlit run app.py\n", [(1, OK, "app.py", 8501)]),
    "several targets": (
        "a:\n\tstreamlit run a.py\nb:\n\tstreamlit run b.py\nhelp:\n\techo streamlit run x.py\n",
        [(2, OK, "a.py", 8501), (4, OK, "b.py", 8501)],
    ),
    "two targets, one recipe": ("a b:\n\tstreamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "each line has its own shell": (
        "run:\n\tcd ui\n\tstreamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
    ),
    "joined by a backslash": (
        "run:\n\tcd ui && \\\n\t  streamlit run app.py\n",
        [(2, OK, "ui/app.py", 8501)],
    ),
    "one shell": (
        ".ONESHELL:\nrun:\n\tcd ui\n\tstreamlit run app.py\n",
        [(3, OK, "ui/app.py", 8501)],
    ),
    "variables": (
        (
            "APP = $(DIR)/app.py\nDIR := ui\nPORT ?= 9000\n"
            "run:\n\tstreamlit run ${APP} --server.port $(PORT)\n"
        ),
        [(5, OK, "ui/app.py", 9000)],
    ),
    "appended": (
        "CMD := streamlit\nCMD += run\nrun:\n\t$(CMD) app.py\n",
        [(4, OK, "app.py", 8501)],
    ),
    "the shell's own variable": (
        "run:\n\tF=a.py; streamlit run $$F\n",
        [(2, OK, "a.py", 8501)],
    ),
    "target-specific": (
        "run: PORT = 8502\nrun:\n\tstreamlit run app.py --server.port=$(PORT)\n",
        [(3, OK, "app.py", 8502)],
    ),
    "exported": (
        "export STREAMLIT_SERVER_PORT = 8600\nrun:\n\tstreamlit run app.py\n",
        [(3, OK, "app.py", 8600)],
    ),
    "not exported": (
        "STREAMLIT_SERVER_PORT = 8600\nrun:\n\tstreamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
    ),
    "if, set nowhere": (
        "run:\n\tstreamlit run app.py $(if $(PORT),--server.port=$(PORT)) $(ARGS)\n",
        [(2, OK, "app.py", 8501)],
    ),
    "if, set": (
        "PORT := 7000\nrun:\n\tstreamlit run app.py $(if $(PORT),--server.port=$(PORT))\n",
        [(3, OK, "app.py", 7000)],
    ),
    "or": (
        "run:\n\tstreamlit run app.py --server.port $(or $(PORT),8700)\n",
        [(2, OK, "app.py", 8700)],
    ),
    "empty port": (
        "run:\n\tstreamlit run app.py --server.port=$(PORT)\n",
        [(2, BROKEN, "app.py", None)],
    ),
    "target set nowhere": ("run:\n\tstreamlit run $(APP)\n", [(2, UNKNOWN, None, 8501)]),
    "target from a program": (
        "APP := $(shell ./which.sh)\nrun:\n\tstreamlit run $(APP)\n",
        [(3, UNKNOWN, None, 8501)],
    ),
    "program set nowhere": (
        "run:\n\t$(PYTHON) -m streamlit run app.py\n",
        [(2, OK, "app.py", 8501)],
    ),
    "folder of a program set nowhere": (
        "run:\n\t@$(VENV)/bin/streamlit run app.py\n",
        [(2, OK, "app.py", 8501)],
    ),
    "current folder": (
        (
            "HERE := $(shell pwd)\nrun:\n\tcd / && streamlit run $(HERE)/a.py\n"
            "go:\n\tcd / && streamlit run $(CURDIR)/b.py\n"
        ),
        [(3, OK, "a.py", 8501), (5, OK, "b.py", 8501)],
    ),
    "folder of the makefile": (
        "D := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\nrun:\n\tstreamlit run $(D)a.py\n",
        [(3, OK, "a.py", 8501)],
    ),
    "define": (
        "define start\ncd ui && \\\nstreamlit run $(1)\nendef\nrun:\n\t@$(call start,app.py)\n",
        [(6, OK, "ui/app.py", 8501)],
    ),
    "two ways, one row": (
        "ifeq ($(ENV),prod)\nAPP := a.py\nelse\nAPP := b.py\nendif\nrun:\n\tstreamlit run $(APP)\n",
        [(7, DYNAMIC, None, 8501)],
    ),
    "two ways in a recipe": (
        "run:\nifdef PROD\n\tstreamlit run a.py\nelse\n\tstreamlit run b.py\nendif\n",
        [(3, DYNAMIC, None, 8501)],
    ),
    "two ways in the shell": (
        "run:\n\tif [ $$X ]; then streamlit run a.py; else streamlit run b.py; fi\n",
        [(2, DYNAMIC, None, 8501)],
    ),
    "one after the other": (
        "run:\n\tstreamlit run a.py & streamlit run b.py\n",
        [(2, OK, "a.py", 8501), (2, OK, "b.py", 8501)],
    ),
    "only one way": (
        (
            "ENV := dev\nifeq ($(ENV),prod)\nAPP := a.py\nelse\nAPP := b.py\nendif\n"
            "run:\n\tstreamlit run $(APP)\n"
        ),
        [(8, OK, "b.py", 8501)],
    ),
    "a conditional that changes nothing": (
        "ifneq (,$(wildcard .env))\ninclude .env\nexport\nendif\nrun:\n\tstreamlit run a.py\n",
        [(6, OK, "a.py", 8501)],
    ),
    "another makefile's target": (
        "run:\n\t$(MAKE) serve APP=a.py\nserve:\n\tstreamlit run $(APP)\n",
        [(2, OK, "a.py", 8501), (4, UNKNOWN, None, 8501)],
    ),
    "calls itself": (
        "run:\n\t$(MAKE) run\n\tstreamlit run a.py\n",
        [(2, OK, "a.py", 8501), (3, OK, "a.py", 8501)],
    ),
    "pattern": ("run-%:\n\tstreamlit run $*.py\n", [(2, UNKNOWN, None, 8501)]),
    "missing": ("run:\n\tstreamlit run old.py\n", [(2, MISSING, None, 8501)]),
    "blanks for a tab": ("run:\n    streamlit run a.py\n", [(2, BROKEN, None, None)]),
    "decoys": (
        (
            "# streamlit run a.py\nrun:\n\t@echo 'streamlit run a.py'\n\t# streamlit run b.py\n"
            "\tpkill -f 'streamlit run a.py'\nHELP = streamlit run a.py\n"
        ),
        [],
    ),
    "a variable that names itself": (
        "A = $(A) $(A)\nrun:\n\tstreamlit run $(A)\n",
        [(3, UNKNOWN, None, 8501)],
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_recipe_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = ROWS[case]
    rows = [
        row for row in matrix_of({**TREE, "Makefile": text}).launchers if row.path == "Makefile"
    ]
    assert [(row.line, row.status, row.entry, row.port) for row in rows] == expected, rows
    assert {row.kind for row in rows} <= {"makefile"}
    assert all(row.why for row in rows if row.status is not OK)


def test_all_ways_are_named(row_of: Callable) -> None:
    row = row_of("Makefile", {**TREE, "Makefile": ROWS["two ways, one row"][0]})
    assert row.candidates == ("a.py", "b.py")


def test_command_is_shown_as_written(row_of: Callable) -> None:
    text = "run:\n\t@cd ui && \\\n\t  streamlit run $(if $(X),a.py,app.py)\n"
    row = row_of("Makefile", {**TREE, "Makefile": text})
    assert row.raw == "cd ui && streamlit run $(if $(X),a.py,app.py)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("APP ?= a.py\nrun:\n\tstreamlit run $(APP)\n", "unless APP is set"),
        ("P ?= 8600\nrun:\n\tstreamlit run a.py --server.port=$(P)\n", "unless P is set"),
        ("APP = a.py\nX ?= 1\nrun:\n\tstreamlit run $(APP) $(X)\n", ""),
    ],
)
def test_assumption_is_told(text: str, told: str, row_of: Callable) -> None:
    assert row_of("Makefile", {**TREE, "Makefile": text}).why == told


CALLS: dict[str, tuple[dict[str, str], str | None, int | None]] = {
    "target": ({"Makefile": "run:\n\tstreamlit run a.py\n", "x.sh": "make run\n"}, "a.py", 8501),
    "first target": (
        {"Makefile": ".PHONY: run\nrun:\n\tstreamlit run a.py\n", "x.sh": "make -j 4\n"},
        "a.py",
        8501,
    ),
    "default goal": (
        {
            "Makefile": ".DEFAULT_GOAL := go\nrun:\n\tstreamlit run a.py\n"
            "go:\n\tstreamlit run b.py\n",
            "x.sh": "make\n",
        },
        "b.py",
        8501,
    ),
    "folder": (
        {"ui/Makefile": "r:\n\tstreamlit run app.py\n", "x.sh": "make -C ui r\n"},
        "ui/app.py",
        8501,
    ),
    "file": ({"dev.mk": "r:\n\tstreamlit run a.py\n", "x.sh": "make -f dev.mk r\n"}, "a.py", 8501),
    "variable": (
        {
            "Makefile": "PORT ?= 1\nr:\n\tstreamlit run a.py --server.port $(PORT)\n",
            "x.sh": "make r PORT=9100\n",
        },
        "a.py",
        9100,
    ),
    "environment": (
        {
            "Makefile": "PORT ?= 1\nr:\n\tstreamlit run a.py --server.port $(PORT)\n",
            "x.sh": "PORT=9100 make r\n",
        },
        "a.py",
        9100,
    ),
    "what it needs": (
        {"Makefile": "run: serve\nserve:\n\tstreamlit run a.py\n", "x.sh": "make run\n"},
        "a.py",
        8501,
    ),
    "pattern": (
        {"Makefile": "run-%:\n\tstreamlit run $*.py\n", "x.sh": "make run-b\n"},
        "b.py",
        8501,
    ),
    "included": (
        {
            "Makefile": "APP = a.py\ninclude run.mk\n",
            "run.mk": "r:\n\tstreamlit run $(APP)\n",
            "x.sh": "make r\n",
        },
        "a.py",
        8501,
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_call_of_make_is_followed(case: str, row_of: Callable) -> None:
    files, entry, port = CALLS[case]
    row = row_of("x.sh", {**TREE, **files})
    assert (row.entry, row.port) == (entry, port), row
    assert "by way of" in row.why


@pytest.mark.parametrize("call", ["make lint", "make -n run", "make nothing", "make -C no run"])
def test_call_that_starts_nothing_is_no_launcher(call: str, matrix_of: Callable) -> None:
    files = {**TREE, "Makefile": "lint:\n\truff .\nrun:\n\tstreamlit run a.py\n", "x.sh": call}
    assert [row.path for row in matrix_of(files).launchers] == ["Makefile"]


def test_part_of_a_makefile_has_its_variables(row_of: Callable) -> None:
    files = {
        "Makefile": "APP = a.py\ninclude mk/run.mk\n",
        "mk/run.mk": "r:\n\tstreamlit run $(APP)\n",
    }
    row = row_of("mk/run.mk", {**TREE, **files})
    assert (row.line, row.entry) == (2, "a.py")


HOSTILE = {
    "random bytes": "\x00\x01\ufffd:\t=\n\t$(((\n",
    "open references": "run:\n\tstreamlit run $(" + "$(" * 5000,
    "deep conditionals": "ifdef A\n" * 3000 + "run:\n\tstreamlit run a.py\n",
    "growing variables": "".join(f"A{n + 1} = $(A{n})$(A{n})\n" for n in range(60))
    + "A0 = x\nrun:\n\tstreamlit run $(A60)\n",
    "one long line": "run:\n\t" + "streamlit run a.py;" * 5_000,
    "blanks": "run:" + " " * 200_000 + "\n\t" + " " * 200_000 + "streamlit run a.py\n",
    "targets that need each other": "a: b\nb: a\n\tstreamlit run a.py\n",
    "an include that includes itself": "include Makefile\nrun:\n\tstreamlit run a.py\n",
    "targets that call all others": "".join(
        f"t{n}:\n" + "".join(f"\t$(MAKE) t{m}\n" for m in range(30)) for n in range(30)
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_no_makefile_stops_the_matrix(case: str, matrix_of: Callable) -> None:
    rows = matrix_of({**TREE, "Makefile": HOSTILE[case]}).launchers
    assert not [row for row in rows if "cannot be followed:" in row.why]
