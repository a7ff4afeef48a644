"""JSON as people write it is read with its lines; what is none says where and why."""

from __future__ import annotations

import pytest

from verify.probes.launchers.readers.json_values import NotJson, read

FINE = {
    "plain": '{"a": {"b": ["x", 1, true, null]}}',
    "comments": '// first\n{"a": /* here */ {"b": ["x", 1, true, null]}} // last',
    "commas too many": '{"a": {"b": ["x", 1, true, null,],},}',
    "byte order mark": '\ufeff{"a": {"b": ["x", 1, true, null]}}',
    "escapes": '{"\\u0061": {"b": ["\\u0078", 1, true, null]}}',
    "windows lines": '{\r\n"a": {"b": ["x", 1, true, null]}}\r\n',
    "twice": '{"a": 1, "a": {"b": ["x", 1, true, null]}}',
}

FAULTS = {
    "empty": ("", 1),
    "only a comment": ("// x\n", 1),
    "not closed": ('{"a": [1\n', 1),
    "no value": ('{\n"a": \n}', 2),
    "no quotes": ("{\nrun: x}", 2),
    "two values": ('{}\n{"a": 1}', 2),
    "two commas": ('{"a": 1,,\n"b": 2}', 1),
    "words": ("streamlit run app.py", 1),
    "too deep": ("[" * 5000 + "]" * 5000, 1),
    "bytes": ("\x00\ufffd\x01", 1),
}


@pytest.mark.parametrize("case", FINE)
def test_value_is_read(case: str) -> None:
    found = read(FINE[case]).get("a", "b")
    assert found is not None
    assert found.words() == ["x", "1", "true", ""]
    assert [item.null for item in found.items] == [False, False, False, True]


def test_lines_are_kept() -> None:
    found = read('{\n  // c\n  "a":\n    "x",\n  "b": ["y",\n    "z"]\n}')
    assert (found.line_of("a"), found.pairs["a"].line) == (3, 4)
    assert [item.line for item in found.pairs["b"].items] == [5, 6]


@pytest.mark.parametrize("case", FAULTS)
def test_fault_has_a_line_and_a_reason(case: str) -> None:
    text, line = FAULTS[case]
    with pytest.raises(NotJson) as caught:
        read(text)
    assert caught.value.line == line
    assert caught.value.reason
