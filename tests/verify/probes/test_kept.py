"""Which images are kept: those that were verified, what somebody needs, and no other."""

import fcntl
import subprocess
import threading
import uuid
from types import SimpleNamespace

import pytest

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import engine as engines
from verify.probes import kept
from verify.tables import Image


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def there(image: str) -> bool:
    done = subprocess.run(["docker", "inspect", image], capture_output=True, check=False)
    return done.returncode == 0


def forget(tag: str) -> None:
    """Remove all images of one test, layers too; with an image go those it stands on."""
    while left := docker("images", "-aq", "--filter", f"label=verify.test={tag}").split():
        subprocess.run(["docker", "rmi", "-f", *left], capture_output=True, check=False)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path):
    """A tag of this test's own, and builds of it, each by a run of its own."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:x"
    spec = Image(
        dockerfile="Dockerfile",
        tag=tag,
        base_arg="PYTHON_IMAGE",
        fallback_base="aicmo-python-base:bookworm",
    )
    runs = []

    def begin():
        runs.append(engines.connect(uuid.uuid4().hex[:12]))
        return runs[-1]

    def build(run, number) -> str:
        root = tmp_path / str(number)
        if not root.exists():
            root.mkdir()
            (root / "Dockerfile").write_text(
                "ARG PYTHON_IMAGE=python:3.12-slim-bookworm\nFROM ${PYTHON_IMAGE}\n"
                f'LABEL verify.test={tag}\nENV N={number}\nCMD ["true"]\n'
            )
        return run.build(root, spec, args={}, step=lambda _: None).ref.id

    def once(number) -> str:
        """Build in a run that ends."""
        run = begin()
        image = build(run, number)
        run.close()
        return image

    def called(kind: str) -> str | None:
        return kept.tagged(watcher.api, kept.name(tag, kind))

    watcher = begin()
    yield SimpleNamespace(
        tag=tag, api=watcher.api, begin=begin, build=build, once=once, called=called
    )
    for run in runs:
        run.close()
    forget(tag)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("aicmo:dashboard", "aicmo:dashboard-verified"),
        ("aicmo", "aicmo:latest-verified"),
        ("localhost:5000/aicmo", "localhost:5000/aicmo:latest-verified"),
        ("localhost:5000/aicmo:1.2", "localhost:5000/aicmo:1.2-verified"),
    ],
)
def test_the_way_back_is_called_after_its_tag(tag, name):
    assert kept.name(tag, kept.VERIFIED) == name


@pytest.mark.docker
def test_an_image_that_nobody_verified_goes_when_it_is_replaced(project):
    first = project.once(1)
    second = project.once(2)
    assert not there(first)
    assert there(second)
    assert project.called(kept.PREVIOUS) is None


@pytest.mark.docker
def test_a_verified_image_is_the_way_back_from_the_next(project):
    first = project.once(1)
    kept.keep(project.api, project.tag, first)
    assert kept.way_back(project.api, project.tag, first) == ""
    second = project.once(2)
    assert there(first)
    assert kept.way_back(project.api, project.tag, second) == f"{project.tag}-verified"
    kept.keep(project.api, project.tag, second)
    assert kept.way_back(project.api, project.tag, second) == f"{project.tag}-previous"
    assert (project.called("verified"), project.called("previous")) == (second, first)


@pytest.mark.docker
def test_of_three_verified_images_the_oldest_goes(project):
    images = []
    for number in range(3):
        images.append(project.once(number))
        kept.keep(project.api, project.tag, images[-1])
    assert [there(image) for image in images] == [False, True, True]
    assert (project.called("verified"), project.called("previous")) == (images[2], images[1])


@pytest.mark.docker
@pytest.mark.parametrize("need", ["a name", "a container"])
def test_the_oldest_stays_where_somebody_needs_it(project, need):
    oldest = project.once(0)
    kept.keep(project.api, project.tag, oldest)
    if need == "a name":
        own = f"{project.tag}-mine"
        docker("tag", oldest, own)
    else:
        own = docker("create", oldest)
    try:
        for number in (1, 2):
            kept.keep(project.api, project.tag, project.once(number))
        assert there(oldest)
        assert there(own)
        assert project.called("previous") not in {None, oldest}
    finally:
        docker("rmi" if need == "a name" else "rm", own)


@pytest.mark.docker
def test_who_went_back_can_go_forth_again(project):
    old = project.once(1)
    kept.keep(project.api, project.tag, old)
    new = project.once(2)
    kept.keep(project.api, project.tag, new)
    assert project.once(1) == old  # from the cache of layers
    kept.keep(project.api, project.tag, old)
    assert (project.called("verified"), project.called("previous")) == (old, new)


@pytest.mark.docker
def test_the_same_image_verified_twice_changes_nothing(project):
    first, second = project.once(1), None
    kept.keep(project.api, project.tag, first)
    second = project.once(2)
    for _ in range(2):
        kept.keep(project.api, project.tag, second)
    assert (project.called("verified"), project.called("previous")) == (second, first)


@pytest.mark.docker
def test_a_run_does_not_lose_its_image_to_another_that_replaces_it(project):
    one, other = project.begin(), project.begin()
    first = project.build(one, 1)
    second = project.build(other, 2)
    assert there(first)
    kept.keep(one.api, project.tag, first)
    one.close()
    kept.keep(other.api, project.tag, second)
    assert (project.called("verified"), project.called("previous")) == (second, first)


@pytest.mark.docker
def test_two_runs_that_verify_at_once_keep_both_images(project):
    runs = [project.begin(), project.begin()]
    images = [project.build(run, number) for number, run in enumerate(runs)]
    both = threading.Barrier(2)

    def keep(run, image):
        both.wait()
        kept.keep(run.api, project.tag, image)

    threads = [threading.Thread(target=keep, args=pair) for pair in zip(runs, images, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {project.called("verified"), project.called("previous")} == set(images)


@pytest.mark.docker
def test_a_build_does_not_fail_because_another_image_takes_its_layers_along(project):
    """Builds of one chain of layers, each removed at once, so that each takes the others' away."""
    project.once(1)  # which writes its Dockerfile
    problems = []

    def again_and_again():
        run = project.begin()
        try:
            for _ in range(10):
                project.build(run, 1)
                run.close()
                subprocess.run(["docker", "rmi", project.tag], capture_output=True, check=False)
                run = project.begin()
        except (CouldNotCheck, SubjectBroken) as error:
            problems.append(str(error))

    threads = [threading.Thread(target=again_and_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.docker
def test_an_image_that_is_gone_cannot_be_kept(project):
    with pytest.raises(CouldNotCheck, match="cannot be kept"):
        kept.keep(project.api, project.tag, f"sha256:{'0' * 64}")


def test_who_waits_too_long_for_its_turn_is_told_so(monkeypatch):
    monkeypatch.setattr(kept, "TURN", 0.0)
    with kept.turn(), pytest.raises(CouldNotCheck, match="another run"), kept.turn():
        pass
    with kept.turn():  # it is free again
        pass


def test_where_no_lock_can_be_had_it_goes_without(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with kept.turn(), kept.turn():
        pass


def test_a_turn_ends_with_its_process(tmp_path):
    path = tmp_path / "cache" / "verify" / "tags.lock"
    with kept.turn():
        pass
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
