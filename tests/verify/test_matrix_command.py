"""`verify matrix` on a command line: no manifest needed, and an answer is not a verdict."""

import json

PAGE = "import streamlit as st\n\nst.title('x')\n"


def test_it_needs_no_manifest(tiny):
    (tiny.root / "verify.toml").unlink()
    tiny.write("run.sh", "streamlit run page.py\n")
    ran = tiny.verify("matrix", "--json", "--no-cache")
    (row,) = json.loads(ran.out)["launchers"]
    assert (ran.exit, row["entry"], row["status"], row["port"]) == (0, "page.py", "ok", 8501)


def test_check_makes_a_verdict_of_it(tiny):
    tiny.write("run.sh", "streamlit run page.py\n")
    assert tiny.verify("matrix", "--check", "--no-cache").exit == 0
    tiny.write("run.sh", "streamlit run gone.py\n")
    ran = tiny.verify("matrix", "--check", "--no-cache")
    assert ran.exit == 1
    assert "gone.py is not in the repository" in ran.out
    tiny.write("run.sh", 'streamlit run "$APP"\n')
    assert tiny.verify("matrix", "--check", "--no-cache").exit == 3
    assert tiny.verify("matrix", "--no-cache").exit == 0


def test_it_looks_at_the_project_around(tiny):
    tiny.write("run.sh", "streamlit run page.py\n")
    tiny.write("sub/x.txt", "")
    found = json.loads(tiny.verify("matrix", "--json", "--no-cache", "--root", ".").out)
    assert [row["path"] for row in found["launchers"]] == ["run.sh"]


def test_a_faulty_manifest_is_wrong_usage(tiny):
    tiny.write("verify.toml", "[dashboard]\n")
    assert tiny.verify("matrix").exit == 2


def test_a_second_run_says_the_same(tiny, tmp_path):
    tiny.write("run.sh", "streamlit run page.py\n")
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = tiny.verify("matrix", "--json", env=env)
    assert list((tmp_path / "cache").rglob("*.json"))
    assert tiny.verify("matrix", "--json", env=env).out == first.out
