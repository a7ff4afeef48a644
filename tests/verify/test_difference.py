"""Comparing what should stand somewhere with what does, letter by letter."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.difference import (
    LETTERS,
    REVIEWED,
    STORED,
    Change,
    Difference,
    Mark,
    compare,
    gathered,
    letters,
    said,
)
from verify.inventory import File, Inventory, Kind

SOUND = File(
    "/app/x",
    size=1204,
    mode=0o644,
    uid=0,
    gid=0,
    mtime=10,
    digest="1a2b3c4d5e6f7a" + "0" * 50,
    capabilities="",
)
FIELDS = {
    "S": {"size": 1210},
    "M": {"mode": 0o666},
    "5": {"digest": "4d5e6f7a8b9c0d" + "0" * 50},
    "U": {"uid": 7},
    "G": {"gid": 7},
    "T": {"mtime": 11},
    "P": {"capabilities": "01"},
}
NAMES = st.text(st.sampled_from("ab\n\udcff\u00e9"), min_size=1, max_size=2)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/app/" + "/".join(parts))
FILES = st.dictionaries(PATHS, st.integers(0, 3), max_size=8)


def found(*files: File, **settings) -> Inventory:
    return Inventory("here", ("/app",), {file.path: file for file in files}, **settings)


def rows(sizes: dict[str, int]) -> dict[str, File]:
    return {path: replace(SOUND, path=path, size=size) for path, size in sizes.items()}


@pytest.mark.parametrize("letter", FIELDS)
def test_each_attribute_has_its_letter(letter):
    other = replace(SOUND, **FIELDS[letter])
    assert letters(SOUND, other, LETTERS).replace(".", "") == letter
    assert letters(SOUND, other, LETTERS).index(letter) == LETTERS.index(letter)
    assert letters(SOUND, SOUND, LETTERS) == "........."


@pytest.mark.parametrize("letter", FIELDS)
def test_what_could_not_be_read_is_a_question_mark(letter):
    unread = replace(SOUND, **dict.fromkeys(FIELDS[letter]), fault="no permission")
    (one,) = compare({"/app/x": SOUND}, found(unread), attributes=LETTERS)
    assert (one.change, one.letters.strip(".")) == (Change.UNREAD, "?")
    assert "no permission" in said(one)


def test_another_kind_is_one_letter_and_said_in_words():
    link = File("/app/x", Kind.LINK, target="/etc/passwd")
    (one,) = compare({"/app/x": SOUND}, found(link))
    assert str(one) == "...D.....    /app/x"
    assert said(one) == "a file of 1,204 bytes -> a link to /etc/passwd"


def test_a_link_that_leads_elsewhere_differs_and_its_bits_mean_nothing():
    one = File("/app/x", Kind.LINK, target="a", mode=0o777, uid=0, gid=0)
    other = replace(one, target="b", mode=0o755)
    assert letters(one, other, STORED) == "....L...."


def test_a_difference_is_one_line_and_then_words():
    other = replace(SOUND, **FIELDS["S"], **FIELDS["5"], **FIELDS["M"])
    (one,) = compare({"/app/x": SOUND}, found(other))
    assert str(one) == "SM5......    /app/x"
    assert str(replace(one, mark=Mark.CONFIG)) == "SM5......  c /app/x"
    assert said(one) == (
        "content: 1,204 bytes -> 1,210 bytes, sha256 1a2b3c4d5e6f… -> 4d5e6f7a8b9c…; "
        "mode 0644 -> 0666"
    )


def test_a_name_never_makes_a_second_line():
    odd = File("/app/a\nverified: all\x1b[31m", Kind.LINK, target="b\rc")
    (one,) = compare({}, found(odd), within=["/app"])
    assert str(one) == "extra        /app/a\\nverified: all\\x1b[31m"
    assert said(one) == "nothing should stand there: a link to b\\x0dc"


def test_missing_and_extra_paths_are_named_so():
    extra = replace(SOUND, path="/app/z")
    gone, more = compare({"/app/y": replace(SOUND, path="/app/y")}, found(extra), within=["/app"])
    assert (str(gone), said(gone)) == ("missing      /app/y", "it is not there")
    assert str(more) == "extra        /app/z"
    assert said(more) == "nothing should stand there: a file of 1,204 bytes"


def test_what_lies_outside_of_the_look_is_not_missing():
    (one,) = compare({"/opt/y": replace(SOUND, path="/opt/y")}, found(SOUND))
    assert (one.change, one.letters) == (Change.UNREAD, "?????????")
    assert said(one) == "nobody looked there: only at /app"


def test_a_lone_file_may_be_all_that_was_looked_at():
    got = Inventory("here", ("/app/x",), {})
    (one,) = compare({"/app/x": SOUND}, got)
    assert one.change is Change.MISSING


def test_a_look_that_broke_off_finds_nothing_missing():
    (one,) = compare({"/app/x": SOUND}, found(incomplete="it took too long"))
    assert (one.change, one.why) == (Change.UNREAD, "it took too long")


@pytest.mark.parametrize("folder", ["/app/in", "/app", "/"])
def test_what_is_below_a_closed_folder_is_not_missing(folder):
    got = Inventory("here", ("/",), {}, unread={folder: "closed"})
    (one,) = compare({"/app/in/x": replace(SOUND, path="/app/in/x")}, got)
    assert (one.change, one.why) == (Change.UNREAD, "closed")


@pytest.mark.parametrize(
    ("expected", "got", "differs"),
    [
        (0o644, 0o644, False),
        (0o644, 0o664, False),
        (0o644, 0o600, False),
        (0o755, 0o700, False),
        (0o644, 0o755, True),
        (0o755, 0o644, True),
        (0o644, 0o646, True),
        (0o755, 0o4755, True),
    ],
)
def test_git_knows_of_a_mode_whether_a_file_is_executable(expected, got, differs):
    one, other = replace(SOUND, mode=expected), replace(SOUND, mode=got)
    assert ("M" in letters(one, other, REVIEWED, exact_mode=False)) is differs


def test_contents_are_compared_by_gits_ids_where_only_those_are_known():
    one = replace(SOUND, digest=None, blob="aa")
    assert letters(one, replace(SOUND, blob="aa"), "5") == "........."
    assert letters(one, replace(SOUND, blob="ab"), "5") == "..5......"
    assert letters(one, SOUND, "5") == "..?......"


def test_extra_paths_are_gathered_by_the_topmost_extra_folder():
    extras = [Difference(f"/app/{n}", Change.EXTRA) for n in ("v/a/b", "v/a/c", "v/d", "e", "in/f")]
    tops = gathered(extras, {"/app", "/app/in"})
    assert {top: len(ones) for top, ones in tops.items()} == {
        "/app/v": 3,
        "/app/e": 1,
        "/app/in/f": 1,
    }


def test_an_empty_folder_is_extra_and_one_that_holds_reviewed_files_is_not():
    files = [File("/app/empty", Kind.FOLDER), File("/app/in", Kind.FOLDER)]
    there = replace(SOUND, path="/app/in/x")
    got = found(*files, there)
    assert [one.path for one in compare({there.path: there}, got, within=["/app"])] == [
        "/app/empty"
    ]


@given(FILES, FILES)
@settings(max_examples=200, deadline=None)
def test_every_path_is_told_once_and_for_what_it_is(before, after):
    expected, got = rows(before), rows(after)
    told = {one.path: one for one in compare(expected, found(*got.values()), within=["/app"])}
    assert list(told) == sorted(told)
    for path in expected.keys() | got.keys():
        change = told[path].change if path in told else None
        if path not in got:
            assert change is Change.MISSING
        elif path not in expected:
            # A path that reviewed files are below of should be a folder; D would have said so.
            below = any(one.startswith(f"{path}/") for one in expected)
            assert change is (None if below else Change.EXTRA)
        elif before[path] == after[path]:
            assert change is None
        else:
            assert told[path].letters == "S........"


@given(st.sets(st.sampled_from(sorted(FIELDS))), st.sets(st.sampled_from(sorted(FIELDS))))
@settings(deadline=None)
def test_letters_say_all_that_differs_and_all_that_was_not_read(changed, unread):
    other = SOUND
    for letter in changed:
        other = replace(other, **FIELDS[letter])
    for letter in unread:
        other = replace(other, **dict.fromkeys(FIELDS[letter]))
    told = letters(SOUND, other, LETTERS)
    assert {letter for letter in told if letter not in ".?"} == changed - unread
    assert {LETTERS[n] for n, letter in enumerate(told) if letter == "?"} == unread
    for one in compare({"/app/x": SOUND}, found(other), attributes=LETTERS):
        assert one.change is (Change.CHANGED if changed - unread else Change.UNREAD)
        assert said(one)


@given(FILES)
@settings(deadline=None)
def test_the_same_files_never_differ(sizes):
    files = rows(sizes)
    assert list(compare(files, found(*files.values()), attributes=LETTERS, within=["/app"])) == []
