"""The protobuf reader against Google's own, and against noise."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from verify.probes.protocol.protobuf import Message, ProtobufError, field

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NUMBERS = st.integers(1, 2**29 - 1)


def walk(message, depth=0):
    """Ask for every field in every way, nested ones too, as far as they parse."""
    for number in message.numbers:
        message.text(number)
        message.number(number)
        for ask in (message.all_numbers, message.messages):
            try:
                found = ask(number)
            except ProtobufError:
                continue
            if ask == message.messages and depth < 20:
                for inner in found:
                    walk(inner, depth + 1)


@patient
@given(st.binary(max_size=400))
def test_noise_is_read_or_refused_and_nothing_else(data):
    try:
        message = Message(data)
    except ProtobufError:
        return
    walk(message)


@patient
@given(st.binary(max_size=60), st.data())
def test_message_cut_off_anywhere_is_refused_or_shorter(noise, data):
    whole = field(1, 300) + field(2, b"x" * 5 + noise) + field(3, "é")
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with contextlib.suppress(ProtobufError):
        assert len(Message(cut).numbers) < 3


@patient
@given(NUMBERS, st.integers(0, 2**64 - 1), st.text(), st.binary())
def test_what_is_written_is_read_back(number, value, text, payload):
    assert Message(field(number, value)).number(number) == value
    assert Message(field(number, text)).text(number) == text
    assert bytes(Message(field(number, payload))._last_bytes(number)) == payload


@patient
@given(st.lists(st.integers(0, 2**32 - 1)), st.text(), st.text())
def test_it_reads_what_google_writes(path, label, run):
    written = ForwardMsg()
    written.metadata.delta_path.extend(path)
    written.metadata.run.script_run_id = run
    written.delta.add_block.tab.label = label
    message = Message(written.SerializeToString())
    assert message.message(2).all_numbers(2) == path
    assert message.message(2).message(6).text(1) == run
    assert message.message(5).message(6).message(7).text(1) == label


@patient
@given(st.text(min_size=1), st.text(min_size=1))
def test_google_reads_what_it_writes(widget, value):
    state = WidgetState.FromString(field(1, widget) + field(6, value))
    assert (state.id, state.string_value) == (widget, value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\x08", "no end of the number", id="number missing"),
        pytest.param(b"\x08" + b"\xff" * 10, "no end of the number", id="number without end"),
        pytest.param(b"\x0a\x05abc", "5 bytes announced at byte 2, 3 left", id="text cut off"),
        pytest.param(b"\x09abc", "8 bytes announced at byte 1, 3 left", id="fixed cut off"),
        pytest.param(b"\x00\x01", "field number 0", id="field zero"),
        pytest.param(b"\x0b", "wire type 3", id="group"),
    ],
)
def test_each_fault_is_named(data, reason):
    with pytest.raises(ProtobufError, match=reason):
        Message(data)


def test_absent_fields_and_those_of_another_type_are_empty():
    message = Message(field(1, 5) + field(2, "text"))
    assert (message.text(1), message.number(2), message.text(3), message.number(3)) == (
        "",
        0,
        "",
        0,
    )
    assert message.message(1).numbers == ()
    assert message.messages(1) == []
    assert message.all_numbers(3) == []
    assert 2 in message
    assert 3 not in message


def test_last_one_counts_and_repeated_numbers_are_read_packed_or_not():
    message = Message(field(1, "a") + field(1, "b") + field(2, 1) + field(2, b"\x02\x03"))
    assert message.text(1) == "b"
    assert message.all_numbers(2) == [1, 2, 3]
