"""YAML is read with its lines, and no input makes that crash, recurse or run long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from verify.probes.launchers.readers.values import Value
from verify.probes.launchers.readers.yaml_values import NotYaml, documents, read
from verify.probes.source import Source


def plain(value: Value) -> object:
    if isinstance(value.content, dict):
        return {key: plain(one) for key, one in value.content.items()}
    if isinstance(value.content, list):
        return [plain(one) for one in value.content]
    return None if value.null else value.content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# nothing\n", []),
        ("a: 1\nb: true\n", [{"a": "1", "b": "true"}]),
        ("a: ~\nb:\nc: null\nd: ''\ne: 'null'\n", [{"a": None, "b": None, "c": None}]),
        ("a: 1\n---\n- b\n", [{"a": "1"}, ["b"]]),
        ("base: &b\n  x: 1\n  y: 2\nown:\n  <<: *b\n  y: 3\n", [{"own": {"y": "3", "x": "1"}}]),
        ("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n", [{"c": {"x": "1", "z": "3"}}]),
        ("c:\n  '<<': text\n", [{"c": {"<<": "text"}}]),
        ("a: 1\na: 2\n", [{"a": "2"}]),
        ("a: !Sub ${X}\nb: !reference [x, y]\nc: !reset null\n", [{"a": "${X}", "c": None}]),
        ("a: |\n  one\n  two\n", [{"a": "one\ntwo\n"}]),
        ("a: >-\n  one\n  two\n", [{"a": "one two"}]),
        ("a: &x\n  - 1\nb: *x\n", [{"a": ["1"], "b": ["1"]}]),
        ("? [complex]\n: 1\n", [{"": "1"}]),
    ],
)
def test_documents_are_read(text: str, expected: list[object]) -> None:
    found = [plain(one) for one in read(text)]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, dict) and isinstance(other, dict):
            assert {**one, **other} == one  # the rows name what matters
        else:
            assert one == other


def test_an_empty_text_is_not_null() -> None:
    document = read("a: ''\nb:\n")[0]
    assert not document.pairs["a"].null
    assert document.pairs["b"].null


def test_lines_of_keys_and_values() -> None:
    document = read("# first\na:\n  # why\n  b:\n    - one\n    - two\n  c: {d: 1}\n")[0]
    inner = document.pairs["a"]
    assert document.line_of("a") == 2
    assert [document.line, inner.line_of("b"), inner.pairs["b"].line] == [2, 4, 5]
    assert [one.line for one in inner.pairs["b"].items] == [5, 6]
    assert inner.line_of("c") == 7


def test_the_line_of_a_merged_key_is_where_it_stands() -> None:
    document = read("x: &x\n  run: this\ny:\n  <<: *x\n")[0]
    assert document.pairs["y"].line_of("run") == 2


def test_an_alias_is_shared_and_not_copied() -> None:
    document = read("a: &a [1]\nb: [*a, *a]\n")[0]
    first, second = document.pairs["b"].items
    assert first is second is document.pairs["a"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: [1\nb: 2\n", 2, "','"),
        ("a: b: c\n", 1, "mapping values"),
        ("a:\tb\n\tc: d\n", 2, "tab"),
        ("a: 1\nb: *none\n", 2, "no anchor none"),
        ("a: &a 1\n---\nb: *a\n", 3, "no anchor a"),
        ("a: 1\n b: 2\n", 2, "mapping values"),
        ("\0", 1, "control characters"),
        ("a: '\n", 2, "end of stream"),
        ("[" * 1000, 1, "200 levels deep"),
        ("{{ .Values.x }}: y: {{\n", 1, ""),
    ],
)
def test_what_is_not_yaml_says_where_and_why(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotYaml) as caught:
        read(text)
    assert (caught.value.line, reason in caught.value.reason) == (line, True), caught.value


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "{a: " * 100_000,
        "- " * 300_000,
        "? " * 300_000,
        "a: &a0 [x, x]\n" + "".join(f"b{n}: &a{n + 1} [*a{n}, *a{n}]\n" for n in range(60)),
        "- &a0 {}\n" + "".join(f"- &a{n + 1} {{<<: *a{n}, k{n}: 1}}\n" for n in range(20_000)),
        "a: &a {<<: *a, b: *a}\n",
        "x" * 1_000_000,
        "&" * 1_000_000,
        "'" * 999_999,
    ],
    ids=[f"hard{n}" for n in range(10)],
)
def test_no_text_takes_long(text: str) -> None:
    start = time.perf_counter()
    try:
        for document in read(text):
            sum(1 for _ in document.walk())
    except NotYaml:
        pass
    assert time.perf_counter() - start < 5


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yml").write_text("a: 1\n")
    (tmp_path / "b.yml").write_text("a: [\n")
    source = Source(tmp_path)
    first = documents(source, "a.yml")
    with pytest.raises(NotYaml):
        documents(source, "b.yml")
    monkeypatch.setattr("verify.probes.launchers.readers.yaml_values.read", pytest.fail)
    assert documents(source, "a.yml") is first
    with pytest.raises(NotYaml):
        documents(source, "b.yml")


def test_without_libyaml_it_is_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &a {x: ~, y: '~'}\nb:\n  <<: *a\n  z: [1, two]\n"
    fast = [plain(one) for one in read(text)]
    monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    assert [plain(one) for one in read(text)] == fast
    with pytest.raises(NotYaml):
        read("[" * 1000)
