"""Projects of other people: nothing in the catalogue may know the one it was written beside."""

from pathlib import Path

import pytest

FUNCTIONS = {
    "verify.toml": """
[dashboard]
entry = "main.py"
marker = "r7"
marker_name = "VERSION"
marker_label = "Version"
tabs_name = "PAGES"
tabs = ["Home", "Orders", "Help"]

[subject]
launchers = ["start.sh"]

[imports]
required = ["views", "store.models"]
optional = ["extras"]

[sessions]
function = "store:session"

[enums]
packages = ["store"]

[image]
dockerfile = "Dockerfile"
tag = "orders:latest"
app_dir = "/srv"

[[retired]]
path = "old.py"
way = "raise"
text = "Use main.py"

[[retired]]
path = "older.py"
way = "exit"
text = "Use main.py instead"
""",
    "main.py": '''
"""The orders of a shop."""

import streamlit as st
from views import draw_help, home, orders

VERSION = "r7"

PAGES = [
    ("Home", home),
    ("Orders", orders),
    ("Help", draw_help),
]


def main() -> None:
    st.title("Orders")
    st.sidebar.text(f"Version: {VERSION}")
    tabs = st.tabs([label for label, _ in PAGES])
    for tab, (_, draw) in zip(tabs, PAGES):
        with tab:
            draw()


if __name__ == "__main__":
    main()
''',
    "views.py": '''
"""What each tab draws."""

import streamlit as st
from store import session
from store.models import Order, State


def home() -> None:
    """Draw the first tab."""
    st.write("Welcome.")


def orders() -> None:
    with session() as current:
        found = current.query(Order).filter(Order.state.in_([State.OPEN, State.PAID])).all()
    st.metric("Open orders", len(found))


def draw_help() -> None:
    st.markdown("Ask **somebody**.")
''',
    "store/__init__.py": '''
"""Where orders are kept."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from store.models import Base


@contextmanager
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as made:
        yield made
        made.commit()
    engine.dispose()
''',
    "store/models.py": '''
"""Its tables."""

import enum

from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class State(enum.Enum):
    OPEN = "open"
    PAID = "paid"


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[State] = mapped_column(Enum(State))
''',
    "extras.py": '"""Nice to have."""\n',
    "old.py": '"""Retired."""\n\nraise RuntimeError("Use main.py")\n',
    "older.py": '''
"""Retired."""

import sys

if "streamlit" in sys.modules:
    import streamlit as st

    st.error("Use main.py instead")
    st.stop()
sys.exit("Use main.py instead")
''',
    "start.sh": """
#!/bin/sh
cd "$(dirname "$0")"
exec streamlit run main.py "$@"
""",
    "requirements.txt": "streamlit\nsqlalchemy\n",
    "Dockerfile": """
FROM python:3.12-slim
WORKDIR /srv
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
EXPOSE 8501
CMD ["streamlit", "run", "main.py", "--server.address=0.0.0.0"]
""",
}

BLOCKS = {
    "verify.toml": """
[dashboard]
entry = "src/app.py"
marker = "2026.1"
marker_name = "RELEASE"
marker_label = "Release"
tabs = ["One", "Two", "Three"]
""",
    "src/app.py": """
import streamlit as st

RELEASE = "2026.1"

st.title("Three tabs")
st.sidebar.text(f"Release: {RELEASE}")
one, two, three = st.tabs(["One", "Two", "Three"])
with one:
    st.write("The first.")
with two:
    st.write("The second.")
    st.write("And more.")
with three:
    st.write("The third.")
""",
}

PROJECTS = {"functions": FUNCTIONS, "blocks": BLOCKS}


@pytest.fixture(params=PROJECTS)
def foreign(request, tmp_path) -> Path:
    """A project that has nothing to do with ours."""
    root = tmp_path / request.param
    for name, text in PROJECTS[request.param].items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), "utf-8")
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    return root
