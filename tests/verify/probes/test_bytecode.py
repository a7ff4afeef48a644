"""Bytecode held against its sources by the script itself, here: forged, odd and hostile."""

import importlib.util
import marshal
import os
import py_compile
import struct
import subprocess
import sys
import types
from pathlib import Path

import pytest

from verify.probes import payload
from verify.probes.packages import recompiled

SOURCE = (
    "LIMIT = 1\n\ndef answer():\n    def inner():\n        return 'no'\n    return inner() or 41\n"
)


@pytest.fixture
def rows(tmp_path):
    """Compare files of a folder in an interpreter of its own; return the row of each."""

    def compare(*items, seconds=60.0, workers=2):
        full = [(f"{tmp_path}/{p}", f"{tmp_path}/{s}" if s else "", lv) for p, s, lv in items]
        done = subprocess.run(
            [sys.executable, *recompiled.asked(full, workers, seconds)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        found = payload.answer(done.stdout, done.stderr, who="the look")["rows"]
        assert all(map(recompiled._is_row, found))
        return found

    return compare


@pytest.fixture
def one(tmp_path, rows):
    """Compare one pair; `code` or `raw` stands where the code of the source would."""

    def compare(source=SOURCE, *, code=None, raw=None, flags=0, level=0, **options):
        text = source if isinstance(source, bytes) else source.encode()
        (tmp_path / "a.py").write_bytes(text)
        if raw is None:
            code = code or compile(text, "/elsewhere/a.py", "exec", optimize=level)
            raw = marshal.dumps(code)
        head = importlib.util.MAGIC_NUMBER + struct.pack("<III", flags, 7, 8)
        (tmp_path / "a.pyc").write_bytes(head + raw)
        (row,) = rows(("a.pyc", "a.py", level), **options)
        return row

    return compare


def forged(**changes):
    """Return the code of SOURCE with the function `answer` changed."""
    code = compile(SOURCE, "a.py", "exec")
    consts = tuple(
        const.replace(**changes) if isinstance(const, types.CodeType) else const
        for const in code.co_consts
    )
    return code.replace(co_consts=consts)


def test_what_python_itself_writes_is_the_same(tmp_path, rows):
    (tmp_path / "b.py").write_text(SOURCE)
    py_compile.compile(str(tmp_path / "b.py"), cfile=str(tmp_path / "b.pyc"))
    ((state, detail, flags, mtime, size),) = rows(("b.pyc", "b.py", 0))
    stat = (tmp_path / "b.py").stat()
    assert (state, detail, flags) == ("same", "", 0)
    assert (mtime, size) == (int(stat.st_mtime), stat.st_size)


def test_where_it_was_compiled_makes_no_difference(one):
    assert one(code=compile(SOURCE, "/somewhere/quite/else.py", "exec"))[:2] == ["same", ""]


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        (forged(co_consts=(None, "x", 42)), "a constant of answer"),
        (forged(co_name="other"), "co_name of answer"),
        (forged(co_firstlineno=9), "co_firstlineno of answer"),
        (forged(co_flags=0), "co_flags of answer"),
        (forged(co_stacksize=99), "co_stacksize of answer"),
        (compile(SOURCE.replace("'no'", "'na'"), "a", "exec"), "a constant of answer.inner"),
        (compile(SOURCE.replace("LIMIT = 1", "LIMIT = True"), "a", "exec"), "of the module"),
        (compile(SOURCE.replace("LIMIT", "LIMES"), "a", "exec"), "co_names of the module"),
        (compile(SOURCE + "import os\n", "a", "exec"), "of the module"),
    ],
    ids=["constant", "name", "line", "flags", "stack", "deep", "type", "names", "more"],
)
def test_code_that_was_changed_is_seen_with_its_place(one, code, detail):
    state, said, *_ = one(code=code)
    assert state == "differs"
    assert detail in said


@pytest.mark.parametrize(
    ("source", "other"),
    [
        ("X = 0.0", "X = -0.0"),
        ("X = 1", "X = 1.0"),
        ("X = (1, (2, 3))", "X = (1, (2, True))"),
        ("X = 1j", "X = -0.0+1j"),
        ("X = 'a'", "X = b'a'"),
        ("def f(a): return a in {1, 2}", "def f(a): return a in {1, True + 1}"),
        ("def f(a): return a in {1, 2}", "def f(a): return a in {1, 2.0}"),
        ("X = ...", "X = None"),
        ("assert X", "pass"),
    ],
)
def test_constants_that_python_takes_for_equal_differ(one, source, other):
    assert one(source, code=compile(other, "a.py", "exec"))[0] == "differs"


@pytest.mark.parametrize(
    "source",
    [
        "def f(a): return a in {'one', 'two', ('three', frozenset), 4, 5.0, None, b'6'}",
        "X = float('nan'), 1e999, -1e999, 1e999 - 1e999",
        "X = ('same', 'same', ('same',))",
        "async def f():\n    try:\n        async with a as b: yield b\n    finally: pass",
        b"# -*- coding: latin-1 -*-\nX = '\xe9'\n",
        b"\xef\xbb\xbfX = 1\r\n",
        "'''a docstring'''",
        "",
    ],
)
def test_the_same_code_written_in_another_way_is_the_same(one, source):
    code = compile(source, "a.py", "exec")
    # Version 2 writes nothing by reference: what was written, but in other bytes.
    assert one(source, raw=marshal.dumps(code, 2))[:2] == ["same", ""]


@pytest.mark.parametrize("level", [1, 2])
def test_optimised_bytecode_is_compiled_with_that_optimisation(one, level):
    source = 'def f():\n    """Text."""\n    assert f\n    return __debug__\n'
    assert one(source, level=level)[0] == "same"
    assert one(source, level=level, code=compile(source, "a.py", "exec", optimize=0))[0] == (
        "differs"
    )


def test_a_hash_in_the_header_is_compared_with_the_source(tmp_path, rows):
    (tmp_path / "b.py").write_text(SOURCE)
    for name, mode in (("c.pyc", "CHECKED_HASH"), ("u.pyc", "UNCHECKED_HASH")):
        py_compile.compile(
            str(tmp_path / "b.py"),
            cfile=str(tmp_path / name),
            invalidation_mode=py_compile.PycInvalidationMode[mode],
        )
    items = ("c.pyc", "b.py", 0), ("u.pyc", "b.py", 0)
    assert [row[2:4] for row in rows(*items)] == [[3, 1], [1, 1]]
    (tmp_path / "b.py").write_text(SOURCE + "# more\n")
    assert [row[2:4] for row in rows(*items)] == [[3, 0], [1, 0]]


def test_bytecode_without_source_of_another_python_or_too_short_is_told_as_such(tmp_path, rows):
    (tmp_path / "a.py").write_text(SOURCE)
    good = importlib.util.MAGIC_NUMBER + bytes(12)
    for name, raw in {"o": good, "f": b"\x17\x0d\r\n" + bytes(12), "s": good[:9], "e": b""}.items():
        (tmp_path / f"{name}.pyc").write_bytes(raw)
    found = rows(("o.pyc", "", 0), ("f.pyc", "a.py", 0), ("s.pyc", "a.py", 0), ("e.pyc", "a.py", 0))
    assert [row[:2] for row in found] == [
        ["orphan", ""],
        ["foreign", "magic number 3351"],
        ["broken", "has 9 bytes; its header alone takes 16"],
        ["broken", "has 0 bytes; its header alone takes 16"],
    ]


@pytest.mark.parametrize("source", ["def broken(:\n", b"X = '\xe9'\n", b"X = 1\0\n"])
def test_a_source_that_does_not_compile_is_told_with_its_error(one, source):
    state, detail, *_ = one(source, code=compile("", "a.py", "exec"))
    assert state == "broken"
    assert detail.startswith("its source does not compile: ")


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "holds no code: EOFError"),
        (marshal.dumps(compile(SOURCE, "a.py", "exec"))[:-5], "holds no code: "),
        (marshal.dumps("text"), "holds no code but str"),
        (marshal.dumps(compile(SOURCE, "a.py", "exec")) + b"more", "4 bytes stand after its code"),
        (b"\xff" * 50, "holds no code: ValueError"),
        (b"[\xff\xff\xff\x7f", "holds no code: "),
    ],
)
def test_data_that_is_no_code_differs(one, raw, detail):
    state, said, *_ = one(raw=raw)
    assert state == "differs"
    assert said.startswith(detail)


def test_a_file_that_holds_the_interpreter_up_is_a_finding_and_the_others_are_compared(
    tmp_path, rows
):
    (tmp_path / "a.py").write_text(SOURCE)
    good = importlib.util.MAGIC_NUMBER + bytes(12)
    # A set of numbers that all have the hash 0: each is compared with all before it.
    same_hash = sys.hash_info.modulus
    numbers = marshal.dumps([number * same_hash for number in range(60_000)], 2)
    assert numbers[:1] == b"["
    (tmp_path / "bad.pyc").write_bytes(good + b">" + numbers[1:])
    for name in "abcdef":
        (tmp_path / f"{name}.pyc").write_bytes(
            good + marshal.dumps(compile(SOURCE, "a.py", "exec"))
        )
    names = ["a", "bad", "b", "c", "bad", "d", "e", "f"]
    found = rows(*((f"{name}.pyc", "a.py", 0) for name in names), seconds=0.3)
    assert [row[:2] for row in found] == [
        ["crashed", "it takes too much computing"] if name == "bad" else ["same", ""]
        for name in names
    ]


def test_names_are_any_bytes(tmp_path, rows):
    raw = importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile("", "a.py", "exec"))
    names = [b"new\nline", b"latin-\xe9", b"quote\"'"]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".py")).touch()
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".pyc")).write_bytes(raw)
    items = ((os.fsdecode(name + b".pyc"), os.fsdecode(name + b".py"), 0) for name in names)
    assert [row[0] for row in rows(*items)] == ["same"] * 3


def test_a_file_that_is_gone_is_not_taken_for_anything_else(tmp_path, rows):
    (tmp_path / "a.pyc").write_bytes(importlib.util.MAGIC_NUMBER + bytes(12))
    found = rows(("none.pyc", "", 0), ("a.pyc", "none.py", 0))
    assert [row[0] for row in found] == ["unread", "unread"]


def test_nothing_to_compare_is_no_rows(rows):
    assert rows() == []


def test_bytecode_of_what_the_look_itself_needs_is_not_believed(tmp_path):
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "forgery.py").write_text("SAID = 'source'\n")
    cached = importlib.util.cache_from_source(str(folder / "forgery.py"))
    py_compile.compile(str(folder / "forgery.py"), cfile=cached)
    raw = bytearray((folder / cached).read_bytes())
    (folder / cached).write_bytes(bytes(raw).replace(b"source", b"forged"))
    said = [
        subprocess.run(
            [
                sys.executable,
                *flags,
                "-c",
                "import sys; sys.path.insert(0, sys.argv[1]);import forgery; print(forgery.SAID)",
                folder,
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for flags in (["-I"], recompiled.FLAGS)
    ]
    assert said == ["forged", "source"]
