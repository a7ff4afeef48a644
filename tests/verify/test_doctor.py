import json


def test_doctor_names_what_is_lacking_and_the_command_that_adds_it(tiny):
    tiny.edit("verify.toml", "[gates]", '[subject]\npython = ".venv/bin/python"\n[gates]')
    ran = tiny.verify("doctor")
    assert ran.exit == 3
    assert "✔ Python" in ran.out
    assert "✘ git checkout: none" in ran.out
    assert "✘ the project's interpreter" in ran.out
    assert "-> make setup" in ran.out
    assert "2 lacking" in ran.out


def test_doctor_is_content_where_nothing_is_lacking(tiny):
    tiny.commit()
    ran = tiny.verify("doctor", "--json")
    assert ran.exit == 0
    document = json.loads(ran.out)
    assert document["schema"] == "verify.doctor/v1"
    assert all(need["met"] and need["cure"] == "" for need in document["needs"])


def test_doctor_asks_for_an_engine_only_where_there_is_an_image(tiny):
    tiny.write("Dockerfile", "FROM scratch\n")
    manifest = (tiny.root / "verify.toml").read_text("utf-8")
    tiny.write("verify.toml", f'{manifest}\n[image]\ndockerfile = "Dockerfile"\ntag = "x:y"\n')
    ran = tiny.verify("doctor", env={"DOCKER_HOST": "unix:///nowhere.sock"})
    assert ran.exit == 3
    assert "✘ container engine: no container engine answers at unix:///nowhere.sock" in ran.out
    assert "scripts/provision.sh" in ran.out


def test_doctor_asks_for_a_browser_only_where_there_is_a_page_to_look_at(tiny):
    assert "browser" not in tiny.verify("doctor").out
    tiny.write("Dockerfile", "FROM scratch\n")
    manifest = (tiny.root / "verify.toml").read_text("utf-8")
    tiny.write("verify.toml", f'{manifest}\n[image]\ndockerfile = "Dockerfile"\ntag = "x:y"\n')
    ran = tiny.verify("doctor", env={"VERIFY_BROWSER": "/nowhere/chrome"})
    assert ran.exit == 3
    assert "✘ browser: VERIFY_BROWSER names /nowhere/chrome" in ran.out
    assert "unset VERIFY_BROWSER" in ran.out
