"""How a secret gets out of the environment, onto the page and into the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import code, lines, page
from verify.planting.defect import Sign, defect, smuggled

if TYPE_CHECKING:
    from verify.planting.tree import Tree

VARIABLE = "OPENAI_API_KEY"
"""Many have it; its secret is found wherever it shows."""

HEAD = "import os\nimport streamlit as st\n"
VALUE = f"os.environ.get('{VARIABLE}', '')"


@smuggled("diagnostics", Stage.LIVE)
def environment_in_a_table(tree: Tree) -> Sign:
    """A tab shows the whole environment in a table."""
    _in_tab(tree, "st.dataframe([dict(os.environ)])")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def environment_as_json(tree: Tree) -> Sign:
    """Diagnostics shows the whole environment as JSON, in an expander that is closed."""
    _in_diagnostics(tree, "with st.expander('Details'):\n    st.json(dict(os.environ))")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def environment_in_base64(tree: Tree) -> Sign:
    """Diagnostics shows the environment in base64, for a report to be sent on."""
    _in_diagnostics(
        tree, "import base64\nst.code(base64.b64encode(repr(dict(os.environ)).encode()).decode())"
    )
    return _secret()


@defect("diagnostics", Stage.LIVE)
def environment_in_a_chart(tree: Tree) -> Sign:
    """A chart counts the letters of each variable, and its data has the values."""
    rows = "[{'name': k, 'size': len(v), 'value': v} for k, v in os.environ.items()]"
    _in_tab(tree, f"st.scatter_chart({rows}, x='name', y='size', color='value')")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def environment_to_download(tree: Tree) -> Sign:
    """Diagnostics offers a report to download, which has the whole environment in it."""
    _in_diagnostics(tree, "st.download_button('Report', repr(dict(os.environ)))")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def secret_in_a_password_field(tree: Tree) -> Sign:
    """A field for a password comes filled in with the secret, which nobody sees as text."""
    _in_tab(tree, f"st.text_input('Key', {VALUE}, type='password')")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def secret_in_the_address(tree: Tree) -> Sign:
    """A tab puts the secret into the page's address, which is kept in histories and logs."""
    _in_tab(tree, f"st.query_params['key'] = {VALUE}")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def secret_in_the_title_of_the_page(tree: Tree) -> Sign:
    """A tab gives the browser's window a title that has the secret in it."""
    _in_tab(tree, f"st.set_page_config(page_title='Key ' + {VALUE})")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def secret_in_a_comment_of_the_page(tree: Tree) -> Sign:
    """A tab has the secret in its HTML, where no browser draws it."""
    _in_tab(tree, f"st.html('<p>Ready<!-- ' + {VALUE} + ' --></p>')")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def half_of_a_secret(tree: Tree) -> Sign:
    """Diagnostics shows the second half of the secret, and hides the first one behind stars."""
    half = f"'****' + {VALUE}[len({VALUE}) // 2:]"
    _in_diagnostics(tree, f"st.text({half})")
    return _secret()


@defect("diagnostics", Stage.LIVE)
def secret_in_the_log(tree: Tree) -> Sign:
    """Each run of the page prints the environment, and shows nothing of it."""
    lines.declared(tree)
    page.run_first(tree, "import os\nprint(dict(os.environ))")
    return _secret()


@defect("diagnostics", Stage.LOCAL)
def password_in_the_address_of_the_database(tree: Tree) -> Sign:
    """Diagnostics shows the database's address as it is, with the password in it."""
    declared = lines.declared(tree)
    if not declared.credentials:
        raise NotDeclared("verify.toml declares no [diagnostics].credentials")
    variable = declared.credentials[0][0]
    lines.drawn(tree, "Address", f"os.environ.get({code.literal(variable)}, '')")
    return _secret(variable)


@defect("diagnostics", Stage.LIVE)
def secret_in_an_error(tree: Tree) -> Sign:
    """A tab raises an error whose text has the secret in it, under a name that nobody knows."""
    lines.declared(tree)
    note = "os.environ.get('OFFICE_NOTE', '')"
    _in_tab(tree, f"if {note}:\n    raise ValueError('not accepted: ' + {note})")
    return _secret("OFFICE_NOTE")


def _in_tab(tree: Tree, statements: str) -> None:
    lines.declared(tree)
    page.draw_first(tree, page.plain_tab(tree), HEAD + statements)


def _in_diagnostics(tree: Tree, statements: str) -> None:
    page.draw_first(tree, lines.declared(tree).tab, HEAD + statements)


def _secret(variable: str = VARIABLE) -> Sign:
    return Sign(f"the secret in {variable} ")
