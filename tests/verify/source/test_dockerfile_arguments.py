import pytest

from verify.probes.dockerfile.parse import arguments


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("ARG BASE=python:3\nFROM ${BASE}\nARG BASE\n", {"BASE": "python:3"}),
        ("ARG A=1 B\nFROM x\n", {"A": "1", "B": ""}),
        ("arg A='q'\nFROM x\nARG B=\"r\"\n", {"A": "q", "B": "r"}),
        ("ARG A\nARG A=late\nFROM x\n", {"A": "late"}),
        ("# ARG A=1\nFROM x\nRUN echo ARG B=2\n", {}),
        ("FROM x\nRUN <<END\nARG A=1\nEND\n", {}),
        ("", {}),
    ],
)
def test_build_arguments_are_read_with_their_first_default(text, declared):
    assert arguments(text) == declared
