"""The gate `identity`: digests, base, claims, platform, tag; and how a container was started."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from verify.errors import CouldNotCheck
from verify.gates import identity
from verify.model import ImageRef
from verify.probes.engine import Built
from verify.probes.images.base import Base
from verify.probes.images.layers import Layer, Layers
from verify.probes.images.save import Contents
from verify.probes.images.whereabouts import Ran, Whereabouts, platform_of

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ID, LOWER, UPPER = (f"sha256:{n * 64}" for n in "abc")
MANIFEST = SimpleNamespace(
    image=SimpleNamespace(dockerfile="Dockerfile"),
    diagnostics=SimpleNamespace(variables=("APP_DATABASE",)),
)


def built(**changes):
    config = {
        "Cmd": ["serve"],
        "Entrypoint": None,
        "User": "10001",
        "WorkingDir": "/app",
        "Env": ["PATH=/bin", "TOKEN=hidden"],
        "Labels": {identity.BASE: "base:1", identity.CREATED: "2026-04-01T00:00:00+00:00"},
        **changes.pop("config", {}),
    }
    inspected = {
        "Id": ID,
        "Os": "linux",
        "Architecture": "amd64",
        "Created": "2026-04-01T00:00:01.123456789Z",
        "RootFS": {"Layers": [LOWER, UPPER]},
        **changes,
    }
    return Built(ImageRef(ID, "app:x", config_digest=ID, base="base:1"), config, inspected)


def layers(**changes):
    rows = tuple(
        Layer(each, Contents(each, 1, {}), of_base=n == 0, created_by="", remembered=False)
        for n, each in enumerate((LOWER, UPPER))
    )
    base = Base("base:1", here=True, first=True, layers=1, told_by="its layers")
    return replace(Layers(ID, rows, (), base, {ID: "config"}, remembered=False), **changes)


def whereabouts(**changes):
    return replace(Whereabouts(ID, "linux/amd64", "the engine's own", NOW), **changes)


def image(built=built(), layers=layers(), whereabouts=whereabouts()):  # noqa: B008 - all frozen
    seen = list(identity.gate_image(built, layers, whereabouts, MANIFEST))
    assert len(seen) >= 8
    return {each.subject: (each.expected, each.got) for each in seen if not each.ok}


def test_an_image_that_is_what_its_digests_name_has_no_finding():
    assert image() == {}
    assert image(layers=layers(named={}, remembered=True)) == {}


def test_a_config_with_another_digest_is_a_finding():
    other = "sha256:" + "f" * 64
    assert image(layers=layers(named={other: "config"})) == {
        "the digest of the image's config": (ID, other)
    }


def test_a_store_that_names_images_by_their_manifest_is_held_against_that():
    contained = built()
    contained = replace(contained, ref=replace(contained.ref, config_digest=None))
    other = "sha256:" + "f" * 64

    assert image(contained, layers(named={ID: "manifest", other: "config"})) == {}
    assert image(contained, layers(named={ID: "index", other: "config"})) == {}
    found = image(contained, layers(named={other: "manifest", ID: "config"}))
    assert found == {"the digest of the image's manifest or index": (ID, other)}


def test_a_layer_that_is_not_what_the_config_says_is_a_finding():
    lower, upper = layers().layers
    forged = replace(upper, contents=Contents(LOWER, 1, {}))

    assert image(layers=layers(layers=(lower, forged))) == {
        "the digest of layer 2 of 2": (UPPER, LOWER)
    }
    assert image(layers=layers(layers=(lower,))) == {"the number of the image's layers": (2, 1)}


def test_a_tag_that_names_another_image_or_none_is_a_finding():
    for tagged, said in ((LOWER, LOWER), ("", "no image")):
        found = image(whereabouts=whereabouts(tagged=tagged))
        assert found == {"the image that the tag app:x names": (ID, said)}


@pytest.mark.parametrize(
    "said", ["no such label", "", "unknown", "yesterday", "2026-05-02T00:00:00Z", "2026-04-02"]
)
def test_a_time_that_is_missing_or_cannot_be_is_a_finding(said):
    labels = {identity.BASE: "base:1", identity.CREATED: said}
    if said == "no such label":
        del labels[identity.CREATED]

    assert set(image(built(config={"Labels": labels}))) == {f"label {identity.CREATED}"}


@pytest.mark.parametrize("made", ["", "0001-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "soon"])
def test_an_image_made_in_the_future_or_never_is_a_finding(made):
    assert set(image(built(Created=made))) == {"when the image was made, as its config says"}


def test_a_clock_in_the_past_is_no_pass():
    early = whereabouts(now=NOW - timedelta(days=365))

    assert set(image(whereabouts=early)) == {
        f"label {identity.CREATED}",
        "when the image was made, as its config says",
    }


def test_another_platform_than_asked_for_is_a_finding():
    found = image(built(Architecture="arm64", Variant="v8"))
    assert found == {"the image's platform": ("linux/amd64", "linux/arm64")}
    variant = whereabouts(platform="linux/arm64/v7")
    found = image(built(Architecture="arm64", Variant="v8"), whereabouts=variant)
    assert found == {"the image's platform": ("linux/arm64/v7", "linux/arm64/v8")}


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("FROM x\n", ""),
        ("FROM --platform=linux/arm64 x AS a\nFROM a\n", "linux/arm64"),
        ("ARG P=linux/386\nFROM --platform=$P x\n", "linux/386"),
        ("FROM --platform=$BUILDPLATFORM x\n", ""),
        ("FROM --platform=linux/arm64 x\nFROM y\n", ""),
        ("", ""),
    ],
)
def test_the_platform_is_the_one_that_the_dockerfile_asks_for(text, platform):
    assert platform_of(text) == platform


def test_another_base_than_it_says_is_a_finding():
    labels = {identity.BASE: "other:1", identity.CREATED: "2026-04-01T00:00:00+00:00"}
    found = image(built(config={"Labels": labels}))
    assert found == {f"label {identity.BASE}": ("base:1", "other:1")}
    moved = Base("base:1", here=True, first=False, layers=None)
    assert set(image(layers=layers(base=moved))) == {
        "the first layers of the image, built on base:1"
    }


def test_a_base_that_is_not_here_is_told_by_the_dockerfile_or_not_at_all():
    steps = Base("base:1", here=False, first=None, layers=1, told_by="the Dockerfile's steps")
    assert image(layers=layers(base=steps)) == {}
    with pytest.raises(CouldNotCheck, match="base:1"):
        image(layers=layers(base=Base("base:1", here=False, first=None, layers=None)))


def container(image=ID, system="linux", **config):
    ran = Ran(image, system, {**built().config, **config})
    seen = list(identity.gate_container(ran, built(), MANIFEST))
    assert len(seen) >= 9
    return {each.subject: (each.expected, each.got) for each in seen if not each.ok}


def test_a_container_that_was_started_with_nothing_else_has_no_finding():
    assert container() == {}
    assert container(Env=["PATH=/bin", "TOKEN=hidden", "APP_DATABASE=x"]) == {}
    assert container(Labels={**built().config["Labels"], "verify.run": "x"}, Hostname="h") == {}


@pytest.mark.parametrize(
    ("config", "subject", "got"),
    [
        ({"Cmd": ["python", "other.py"]}, "the container's command", "python other.py"),
        ({"Entrypoint": ["sh", "-c"]}, "the container's entry point", "sh -c"),
        ({"User": "root"}, "the container's user", "root"),
        ({"User": ""}, "the container's user", "nothing"),
        ({"WorkingDir": "/"}, "the container's working directory", "/"),
        ({"Healthcheck": {"Test": ["NONE"]}}, "the container's health check", "Test: NONE"),
    ],
)
def test_what_was_told_instead_of_the_images_own_is_a_finding(config, subject, got):
    ((found, values),) = container(**config).items()

    assert (found, values[1]) == (subject, got)


def test_variables_are_told_by_name_and_never_by_value():
    found = container(Env=["TOKEN=other-secret", "PYTHONPATH=/tmp/evil"])

    assert found == {
        "variables that are not the image's own": (
            (),
            ("PATH is taken away", "PYTHONPATH is added", "TOKEN is changed"),
        )
    }
    assert "secret" not in str(found)


def test_another_image_or_a_label_that_lies_is_a_finding():
    assert container(image=LOWER) == {"the image of the running container": (ID, LOWER)}
    labels = {**built().config["Labels"], identity.BASE: "better:1"}
    ((_, (_, got)),) = container(Labels=labels).items()
    assert got == (identity.BASE,)
