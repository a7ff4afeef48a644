"""Where a running container is looked at: the application's folder, and what stands beside it."""

import pytest

from verify.probes.inside.asked import copied

PLACES = {
    "nothing": ((), ["/app"]),
    "below the application": (("/app/a.py", "/app/b/c.py"), ["/app"]),
    "a lone file beside it": (("/opt/check.py",), ["/app", "/opt/check.py"]),
    "a lone file deep beside it": (("/etc/nginx/a.conf",), ["/app", "/etc/nginx/a.conf"]),
    "a folder of its own": (("/srv/tool/a", "/srv/tool/b"), ["/app", "/srv/tool"]),
    "two files in the system's own": (("/opt/b", "/opt/a"), ["/app", "/opt/a", "/opt/b"]),
    "files at the root": (("/b", "/a"), ["/app", "/a", "/b"]),
    "a folder with a like name": (("/application/x",), ["/app", "/application/x"]),
}


@pytest.mark.parametrize("case", PLACES)
def test_reviewed_files_are_looked_for_where_they_are_copied_to(case):
    paths, wanted = PLACES[case]
    assert copied("/app", paths) == wanted
    assert copied("/app/", paths) == ["/app/", *wanted[1:]]
