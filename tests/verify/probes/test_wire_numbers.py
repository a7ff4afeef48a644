"""The field numbers the probe knows, held against the installed Streamlit's own descriptors.

The probe itself imports neither Streamlit nor protobuf; this is where a change between versions
shows first.
"""

import subprocess
import sys

import pytest
from streamlit.proto.AuthRedirect_pb2 import AuthRedirect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Navigation_pb2 import Navigation
from streamlit.proto.NewSession_pb2 import Initialize, NewSession
from streamlit.proto.SessionEvent_pb2 import SessionEvent
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from verify.probes.protocol import conversation, drawing, elements

OTHER_NAMES = {"image": "imgs", "help": "help_info"}
READ_BY_PEOPLE = {
    *("body", "label", "text", "title", "type", "message", "code_text", "delta"),
    *("name", "component_name", "doc_string", "placeholder"),
}


def names(descriptor):
    return {field.number: field.name for field in descriptor.fields}


def inner(descriptor, *path):
    for name in path:
        descriptor = descriptor.fields_by_name[name].message_type
    return descriptor


@pytest.mark.parametrize("number", elements.ELEMENTS)
def test_elements_are_what_streamlit_calls_them(number):
    kind, parts = elements.ELEMENTS[number]
    message = Element.DESCRIPTOR.fields_by_number[number]
    assert message.name == OTHER_NAMES.get(kind, kind)
    for part in parts:
        field = message.message_type.fields_by_number[part]
        assert field.name in READ_BY_PEOPLE
        assert field.type == field.TYPE_STRING


@pytest.mark.parametrize("number", elements.BLOCKS)
def test_blocks_are_what_streamlit_calls_them(number):
    kind, label = elements.BLOCKS[number]
    message = Block.DESCRIPTOR.fields_by_number[number]
    assert message.name == ("expandable" if kind == "expander" else kind)
    assert message.message_type.fields_by_number[label].name in {"label", "title", "name"}


def test_what_is_no_kind_of_element_or_block_is_known():
    kinds = {field.number for field in Element.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert set(names(Element.DESCRIPTOR)) - kinds == elements.BOOKKEEPING
    assert {names(Element.DESCRIPTOR)[number] for number in elements.INVISIBLE} == {
        *("empty", "favicon", "skeleton", "space")
    }
    types = {field.number for field in Block.DESCRIPTOR.oneofs_by_name["type"].fields}
    assert set(names(Block.DESCRIPTOR)) - types == drawing._BOOKKEEPING


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        pytest.param(descriptor, expected, id=descriptor.full_name)
        for descriptor, expected in [
            (
                ForwardMsg.DESCRIPTOR,
                {
                    conversation.HASH: "hash",
                    conversation.REF_HASH: "ref_hash",
                    conversation.PAGE_NOT_FOUND: "page_not_found",
                    conversation.AUTH_REDIRECT: "auth_redirect",
                    conversation.METADATA: "metadata",
                    conversation.NEW_SESSION: "new_session",
                    conversation.DELTA: "delta",
                    conversation.SCRIPT_FINISHED: "script_finished",
                    conversation.SESSION_EVENT: "session_event",
                    conversation.NAVIGATION: "navigation",
                },
            ),
            (
                inner(ForwardMsg.DESCRIPTOR, "metadata"),
                {
                    conversation.CACHEABLE: "cacheable",
                    conversation.DELTA_PATH: "delta_path",
                    conversation.RUN: "run",
                },
            ),
            (inner(ForwardMsg.DESCRIPTOR, "metadata", "run"), {1: "script_run_id"}),
            (
                NewSession.DESCRIPTOR,
                {
                    conversation.INITIALIZE: "initialize",
                    conversation.MAIN_SCRIPT: "main_script_path",
                    conversation.PAGES: "app_pages",
                    conversation.PAGE_HASH: "page_script_hash",
                    conversation.MAIN_HASH: "main_script_hash",
                },
            ),
            (AuthRedirect.DESCRIPTOR, {conversation.REDIRECT_URL: "url"}),
            (Initialize.DESCRIPTOR, {conversation.ENVIRONMENT: "environment_info"}),
            (
                inner(Initialize.DESCRIPTOR, "environment_info"),
                {
                    conversation.STREAMLIT_VERSION: "streamlit_version",
                    conversation.PYTHON_VERSION: "python_version",
                },
            ),
            (
                Navigation.DESCRIPTOR,
                {
                    conversation.NAVIGATION_PAGES: "app_pages",
                    conversation.SHOWN_PAGE: "page_script_hash",
                },
            ),
            (
                inner(Navigation.DESCRIPTOR, "app_pages"),
                {
                    conversation.LISTED_HASH: "page_script_hash",
                    conversation.PAGE_NAME: "page_name",
                    conversation.PAGE_PATH: "url_pathname",
                    conversation.EXTERNAL_URL: "external_url",
                },
            ),
            (
                SessionEvent.DESCRIPTOR,
                {conversation.COMPILE_EXCEPTION: "script_compilation_exception"},
            ),
            (
                Delta.DESCRIPTOR,
                {drawing._NEW_ELEMENT: "new_element", drawing._ADD_BLOCK: "add_block"},
            ),
            (
                Block.DESCRIPTOR,
                {drawing._TAB_CONTAINER: "tab_container", drawing._TAB: "tab"},
            ),
            (
                inner(Block.DESCRIPTOR, "tab_container"),
                {drawing._DEFAULT_INDEX: "default_tab_index", drawing._ID: "id"},
            ),
            (
                BackMsg.DESCRIPTOR,
                {
                    conversation.STOP_SCRIPT: "stop_script",
                    conversation.RERUN_SCRIPT: "rerun_script",
                },
            ),
            (
                inner(BackMsg.DESCRIPTOR, "rerun_script"),
                {
                    conversation.QUERY: "query_string",
                    conversation.WIDGET_STATES: "widget_states",
                    conversation.CLIENT_PAGE_HASH: "page_script_hash",
                },
            ),
            (WidgetStates.DESCRIPTOR, {conversation.WIDGETS: "widgets"}),
            (
                WidgetState.DESCRIPTOR,
                {conversation.WIDGET_ID: "id", conversation.STRING_VALUE: "string_value"},
            ),
        ]
    ],
)
def test_messages_have_these_fields(descriptor, expected):
    assert {number: names(descriptor)[number] for number in expected} == expected


def test_ways_for_a_script_to_finish_have_these_numbers():
    assert (
        conversation.FINISHED,
        conversation.FINISHED_WITH_COMPILE_ERROR,
        conversation.FINISHED_EARLY,
    ) == (
        ForwardMsg.FINISHED_SUCCESSFULLY,
        ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        ForwardMsg.FINISHED_EARLY_FOR_RERUN,
    )


def test_probe_loads_neither_streamlit_nor_protobuf_and_the_websocket_only_when_it_looks():
    code = """
import sys
from verify.probes import wire
assert "websockets" not in sys.modules
import verify.probes.protocol.websocket
print([name for name in sys.modules if name.partition(".")[0] in ("streamlit", "google")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n"
