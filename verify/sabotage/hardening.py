"""What gives an image more rights than it needs, or gives away its secrets."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile
from verify.planting.decoys import commented, unused_stage
from verify.planting.defect import Sign, defect
from verify.planting.installed import EVERYWHERE, tamper, tampered

if TYPE_CHECKING:
    from verify.planting.tree import Tree

WHO = "the user the image runs as\n"

PASSWORD = "hunter2"  # noqa: S105 - nobody's

KEY = hashlib.sha256(b"planted").hexdigest()
"""Letters and digits as a real key has them; a made-up one would not count as a secret."""


@defect("hardening", Stage.IMAGE)
def user_of_root_by_name(tree: Tree) -> Sign:
    """The image runs as root, and the ordinary user is that of another stage."""
    unused_stage(tree, "USER 10001:10001")
    dockerfile.appended(tree, "USER root")
    return Sign(f"{WHO}root (root)")


@defect("hardening", Stage.IMAGE)
def user_of_root_by_number(tree: Tree) -> Sign:
    """The image runs as user 0 of an ordinary group."""
    dockerfile.appended(tree, "USER 0:10001")
    return Sign(f"{WHO}root (0:10001)")


@defect("hardening", Stage.IMAGE)
def user_in_a_comment(tree: Tree) -> Sign:
    """The Dockerfile names no user any more, but in a comment."""
    commented(tree, "USER")
    return Sign(f"{WHO}root (no user is named)")


@defect("hardening", Stage.IMAGE)
def user_who_is_root_by_another_name(tree: Tree) -> Sign:
    """The image's user has an ordinary name and root's number."""
    tampered(tree, "append", "/etc/passwd", "keeper:*:0:0::/:/bin/sh\n")
    dockerfile.appended(tree, "USER keeper")
    return Sign(f"{WHO}root (keeper)")


@defect("hardening", Stage.IMAGE)
def user_without_account(tree: Tree) -> Sign:
    """The image's user is a name that no account in it has."""
    dockerfile.appended(tree, "USER forgotten")
    return Sign(f"{WHO}'forgotten', who has no account in the image")


@defect("hardening", Stage.IMAGE)
def application_writable_by_group_of_root(tree: Tree) -> Sign:
    """The image's user is in the group root, which may write the entry."""
    place = tree.inside(tree.entry)
    tampered(tree, "rights", place, "664")
    dockerfile.appended(tree, "USER 4242")
    return Sign(f"what the user 4242 may write in {tree.image.app_dir.rstrip('/')}\n{place}")


@defect("hardening", Stage.IMAGE)
def application_of_its_own_user(tree: Tree) -> Sign:
    """The entry belongs to the user that serves it, who may change it then."""
    place = tree.inside(tree.entry)
    user = dockerfile.needed(tree, "USER").value
    tampered(tree, "own", place, user)
    return Sign(f"may write in {tree.image.app_dir.rstrip('/')}\n{place}")


@defect("hardening", Stage.IMAGE)
def packages_of_its_own_user(tree: Tree) -> Sign:
    """A package belongs to the user that serves the page, who may change it then."""
    user = dockerfile.needed(tree, "USER").value
    tampered(tree, "own", f"site:{EVERYWHERE}", user)
    return Sign(f"/{EVERYWHERE}\nInstall as root")


@defect("hardening", Stage.IMAGE)
def setuid_program(tree: Tree) -> Sign:
    """A program in the image makes whoever starts it root."""
    tampered(tree, "write", "/usr/local/bin/ascend", "#!/bin/sh\n", "4755")
    return Sign("/usr/local/bin/ascend\nis setuid")


@defect("hardening", Stage.IMAGE)
def setgid_program(tree: Tree) -> Sign:
    """A program in the image gives whoever starts it its group."""
    tampered(tree, "write", "/usr/local/bin/ascend", "#!/bin/sh\n", "2755")
    return Sign("/usr/local/bin/ascend\nis setgid")


@defect("hardening", Stage.IMAGE)
def capable_program(tree: Tree) -> Sign:
    """A program in the image has capabilities of its own."""
    tampered(tree, "capable", "/usr/local/bin/listen")
    return Sign("/usr/local/bin/listen\nhas capabilities")


@defect("hardening", Stage.IMAGE)
def folder_for_everybody(tree: Tree) -> Sign:
    """Everybody may write into a folder of the image."""
    tampered(tree, "folder", "/srv/drop", "777")
    return Sign("/srv/drop\nmay be written by everybody")


@defect("hardening", Stage.IMAGE)
def script_for_everybody(tree: Tree) -> Sign:
    """Everybody may write a program of the image."""
    tampered(tree, "write", "/usr/local/bin/tool", "#!/bin/sh\n", "777")
    return Sign("/usr/local/bin/tool\nmay be written by everybody")


@defect("hardening", Stage.IMAGE)
def secret_in_a_variable(tree: Tree) -> Sign:
    """A variable of the image holds a password."""
    dockerfile.appended(tree, f"ENV PLANTED_PASSWORD={PASSWORD}")
    return Sign("variable PLANTED_PASSWORD\na value under the name of a secret")


@defect("hardening", Stage.IMAGE)
def secret_under_the_name_of_a_library(tree: Tree) -> Sign:
    """A variable holds the password that PostgreSQL's library reads, and has its odd name."""
    dockerfile.appended(tree, f"ENV PGPASSWORD={PASSWORD}")
    return Sign("variable PGPASSWORD\na value under the name of a secret")


@defect("hardening", Stage.IMAGE)
def secret_in_an_address(tree: Tree) -> Sign:
    """A variable with an innocent name holds an address with a password in it."""
    dockerfile.appended(tree, f"ENV PLANTED=postgresql://operator:{PASSWORD}@db/main")
    return Sign("variable PLANTED\na password in an address")


@defect("hardening", Stage.IMAGE)
def secret_that_a_later_line_empties(tree: Tree) -> Sign:
    """A variable held a password, and a later line gives it another value: the history knows."""
    dockerfile.appended(tree, f"ENV PLANTED_PASSWORD={PASSWORD}\nENV PLANTED_PASSWORD=")
    return Sign("PLANTED_PASSWORD: a value under the name of a secret")


@defect("hardening", Stage.IMAGE)
def secret_in_a_build_argument(tree: Tree) -> Sign:
    """The history of the image tells the value of a build argument."""
    dockerfile.appended(tree, f"ARG PLANTED_TOKEN={PASSWORD}")
    tree.in_image([tree.image.python, "-c", ""])
    return Sign("PLANTED_TOKEN: a value under the name of a secret")


@defect("hardening", Stage.IMAGE)
def secret_in_a_command(tree: Tree) -> Sign:
    """A step of the build signs in with a header, which the history tells."""
    header = f"Authorization: Bearer {KEY}"
    tree.in_image([tree.image.python, "-c", "import sys", header])
    return Sign("its text: a header that signs in")


@defect("hardening", Stage.IMAGE)
def secret_in_a_label(tree: Tree) -> Sign:
    """A label of the image holds a token."""
    dockerfile.appended(tree, f"LABEL planted.by=ghp_{KEY[:36]}")
    return Sign("label planted.by\na GitHub token")


@defect("hardening", Stage.IMAGE)
def secret_deleted_too_late(tree: Tree) -> Sign:
    """A later layer deletes a password, and the earlier one keeps it."""
    path = "/root/.netrc"
    login = f"machine x login y password {PASSWORD}\n"
    tree.in_image(tamper(tree, "write", path, login), tamper(tree, "drop", path))
    return Sign(f"{path}: a password in .netrc, line 1\nA later layer hides it")


@defect("hardening", Stage.IMAGE)
def secret_in_a_file(tree: Tree) -> Sign:
    """A private key lies in the image."""
    key = f"-----BEGIN PRIVATE {'KEY'}-----\n{KEY}\n-----END PRIVATE {'KEY'}-----\n"
    tampered(tree, "write", "/etc/planted.pem", key, "600")
    return Sign("/etc/planted.pem: a private key, line 1")


@defect("hardening", Stage.IMAGE)
def secret_in_a_file_of_variables(tree: Tree) -> Sign:
    """A file of variables was copied along with the application."""
    path = tree.inside(".env")
    tampered(tree, "write", path, f"PLANTED={PASSWORD}\n")
    return Sign(f"{path}: a file of variables, .env, line 1")


@defect("hardening", Stage.IMAGE)
def secret_in_the_application(tree: Tree) -> Sign:
    """The entry in the image holds the key of an account."""
    place = tree.inside(tree.entry)
    tampered(tree, "append", place, f"\n# AKIA{_capitals()}\n")
    return Sign(f"{place}: an AWS access key")


def _capitals() -> str:
    """Return what such a key has: capitals, and digits from 2 to 7."""
    return KEY.translate(str.maketrans("0189abcdef", "WXYZQRSTUV")).upper()[:16]


@defect("hardening", Stage.IMAGE)
def lists_of_packages_left(tree: Tree) -> Sign:
    """The lists of apt lie in a layer, and a later one deletes them: that frees nothing."""
    path = "/var/lib/apt/lists/planted_Packages"
    tree.in_image(tamper(tree, "write", path, "x\n"), tamper(tree, "drop", path))
    return Sign("package manager caches in our layers\nof apt: 1 file")


@defect("hardening", Stage.IMAGE)
def downloads_left(tree: Tree) -> Sign:
    """What pip fetched lies in the image."""
    tampered(tree, "write", "/root/.cache/pip/http/planted", "x\n")
    return Sign("package manager caches in our layers\nof pip: 1 file")


@defect("hardening", Stage.IMAGE)
def second_port_exposed(tree: Tree) -> Sign:
    """The image offers a debugger's port, too."""
    dockerfile.appended(tree, "EXPOSE 5678")
    return Sign("5678/tcp")


@defect("hardening", Stage.IMAGE)
def port_in_a_comment(tree: Tree) -> Sign:
    """The image offers no port any more: the line is a comment."""
    commented(tree, "EXPOSE")
    return Sign("EXPOSE\nno port")
