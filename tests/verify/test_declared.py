"""What the manifest declares about paths inside."""

import pytest

from verify.declared import Declared
from verify.difference import Change, Difference, Mark
from verify.inventory import File
from verify.tables import Contents


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a.py", "/app/a.py", True),
        ("a.py", "/app/in/a.py", False),
        ("a.py", "/app/a.pyc", False),
        ("/opt/x", "/opt/x", True),
        ("/opt/x", "/opt/x/below", True),
        ("/opt/x/", "/opt/x", True),
        ("*.py", "/app/in/a.py", True),
        ("in/*", "/app/in/new\nline", True),
        ("static", "/app/static/css/a.css", True),
        ("a+b[c].py", "/app/a+b[c].py", True),
        ("./in/../a.py", "/app/a.py", True),
        ("*", "/etc/passwd", False),
        ("/*", "/etc/passwd", True),
    ],
)
def test_a_pattern_means_a_path_and_what_is_below(pattern, path, fits):
    declared = Declared(Contents(config=(pattern,), data=(pattern,)), "/app")
    assert declared.mark(path) is (Mark.CONFIG if fits else None)
    assert declared.data(path) == (pattern if fits else None)


def test_what_may_be_anything_comes_first():
    contents = Contents(ghost=("a",), generated=("a", "b"), config=("a", "b", "c"))
    declared = Declared(contents, "/app")
    marks = [declared.mark(f"/app/{name}") for name in "abcd"]
    assert marks == [Mark.GHOST, Mark.GENERATED, Mark.CONFIG, None]
    assert list(declared.idle(["/app/b"])) == [
        (Mark.GHOST, "a"),
        (Mark.GENERATED, "a"),
        (Mark.CONFIG, "a"),
        (Mark.CONFIG, "c"),
    ]


def test_a_folder_of_data_is_named_once_with_what_declares_it_first():
    declared = Declared(Contents(data=("/data",)), "/app", [("/data", "a VOLUME"), ("/v", "b")])
    assert set(declared.folders) == {("/data", "[contents].data"), ("/v", "b")}


def test_of_a_configuration_only_the_content_may_differ_read_or_not():
    declared = Declared(Contents(config=("a",)), "/app")
    one = File("/app/a")

    def left(letters):
        return declared.left(Difference("/app/a", Change.CHANGED, letters, one, one))

    assert left("S.5......") is None
    assert left("?.?......") is None
    kept = left("SM5......")
    assert (kept.letters, kept.change, kept.mark) == (".M.......", Change.CHANGED, Mark.CONFIG)
    assert left("S?5......").change is Change.UNREAD
    assert declared.left(Difference("/app/a", Change.MISSING, expected=one)).mark is Mark.CONFIG
