"""How deltas become a page: the rules of the browser, without one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from verify.probes.protocol.conversation import Conversation
from verify.probes.protocol.drawing import Drawing
from verify.probes.protocol.protobuf import Message, ProtobufError


class Page:
    """A drawing under a pencil: `text` and `block` draw at a path, `run` begins a new run."""

    def __init__(self):
        self.drawing = Drawing()
        self.run = "1"

    def text(self, path, body):
        message = ForwardMsg()
        message.delta.new_element.text.body = body
        self._apply(path, message)

    def block(self, path, kind="vertical", **settings):
        message = ForwardMsg()
        block = getattr(message.delta.add_block, kind)
        block.SetInParent()
        for name, value in settings.items():
            setattr(block, name, value)
        self._apply(path, message)

    def _apply(self, path, message):
        delta = Message(message.delta.SerializeToString())
        self.drawing.apply([int(n) for n in path.split()], delta, self.run)

    def finish(self, *, gather_tabs=False):
        self.drawing.finish(self.run, gather_tabs=gather_tabs)

    @property
    def texts(self):
        return [e.text for e in self.drawing.elements("main", tabs=True)]


@pytest.fixture
def page():
    return Page()


def test_elements_come_in_the_order_of_their_numbers_not_of_their_drawing(page):
    page.text("0 10", "c")
    page.text("0 2", "b")
    page.text("0 0", "a")
    assert page.texts == ["a", "b", "c"]


def test_element_at_a_taken_place_replaces_what_was_there(page):
    page.text("0 0", "old")
    page.text("0 0", "new")
    assert page.texts == ["new"]


def test_block_drawn_again_keeps_its_children_until_the_run_ends(page):
    page.block("0 0")
    page.text("0 0 0", "kept")
    page.text("0 0 1", "stale")
    page.run = "2"
    page.block("0 0")
    page.text("0 0 0", "fresh")
    assert page.texts == ["fresh", "stale"]
    page.finish()
    assert page.texts == ["fresh"]


def test_block_of_another_type_does_not_inherit(page):
    page.block("0 0", "expandable", label="E")
    page.text("0 0 0", "gone")
    page.block("0 0", "tab_container")
    assert page.texts == []


def test_what_a_finished_run_did_not_draw_is_dropped_with_all_in_it(page):
    page.block("0 0")
    page.text("0 0 0", "old")
    page.run = "2"
    page.text("0 1", "new")
    page.finish()
    assert page.texts == ["new"]


def tabs(page, *bodies, open_tab=0):
    """Draw a lazy group of two tabs as a run does that has only one of them open."""
    page.block("0 0", "tab_container", id="group", default_tab_index=open_tab)
    for n, label in enumerate("AB"):
        page.block(f"0 0 {n}", "tab", label=label)
    for n, body in enumerate(bodies):
        page.text(f"0 0 {open_tab} {n}", body)
    page.finish(gather_tabs=True)


def test_gathering_keeps_tabs_that_this_run_did_not_draw(page):
    tabs(page, "a")
    page.run = "2"
    tabs(page, "b", open_tab=1)
    assert page.texts == ["A", "a", "B", "b"]


def test_gathering_still_drops_what_the_open_tab_no_longer_draws(page):
    tabs(page, "a 1", "a 2")
    page.run = "2"
    tabs(page, "a 1")
    assert page.texts == ["A", "a 1", "B"]


def test_without_gathering_a_closed_tab_is_empty(page):
    tabs(page, "a")
    page.run = "2"
    tabs(page, "b", open_tab=1)
    page.finish()
    page.run = "3"
    page.block("0 0", "tab_container", id="group")
    page.block("0 0 0", "tab", label="A")
    page.finish()
    assert page.texts == ["A"]


def test_groups_know_their_tabs_and_how_deep_they_stand(page):
    tabs(page, open_tab=1)
    page.block("0 0 1 0", "tab_container")
    outer, nested = page.drawing.groups()
    assert (outer.widget, outer.open, outer.inside) == ("group", 1, 0)
    assert [label for label, _ in outer.tabs] == ["A", "B"]
    assert (nested.widget, nested.inside, nested.where) == ("", 1, ("main", "B"))
    assert page.drawing.groups("sidebar") == []


@pytest.mark.parametrize("path", ["", "0", "4 0", "0 7 0", "0 0 0"])
def test_path_that_leads_nowhere_is_ignored(page, path):
    page.text("0 0", "an element, which has no children")
    page.text(path, "lost")
    assert page.texts == ["an element, which has no children"]


def test_path_of_absurd_depth_is_refused(page):
    with pytest.raises(ProtobufError, match="101 numbers"):
        page.text(" ".join(["0"] * 101), "deep")


def test_element_that_is_not_known_is_seen_by_its_number_and_empty_ones_are_not(page):
    message = ForwardMsg()
    message.delta.new_element.snow.SetInParent()
    page._apply("0 0", message)
    message.delta.new_element.empty.SetInParent()
    message.delta.new_element.width_config.use_stretch = True
    page._apply("0 1", message)
    assert [e.kind for e in page.drawing.elements("main", tabs=True)] == ["other:46"]


patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOISE = st.recursive(
    st.binary(max_size=20),
    lambda inner: st.builds(
        lambda number, payload: bytes([number << 3 | 2, len(payload)]) + payload,
        st.integers(1, 11),
        inner.filter(lambda payload: len(payload) < 128),
    ),
    max_leaves=8,
)


@patient
@given(st.lists(NOISE, max_size=10))
def test_any_sequence_of_bytes_is_a_page_or_one_clear_error(payloads):
    talk = Conversation(socket=None)
    try:
        for payload in payloads:
            talk._take_in(Message(payload))
        talk.drawing.finish(talk.run, gather_tabs=True)
        for group in talk.drawing.groups():
            [group.elements(node, label) for label, node in group.tabs]
        talk.drawing.elements("main", tabs=True)
    except ProtobufError:
        pass
