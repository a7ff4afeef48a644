"""Tells an engine that failed from a subject that did, in words."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, SubjectBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 300
"""Characters of an engine's message that are shown."""


@contextlib.contextmanager
def engine_errors(what: str) -> Iterator[None]:
    """Turn the SDK's errors into ours: the engine failed, which says nothing about the subject."""
    import requests
    from docker.errors import DockerException
    from urllib3.exceptions import HTTPError  # what a stream that breaks off raises, bare

    try:
        yield
    except (DockerException, requests.RequestException, HTTPError, OSError) as error:
        raise CouldNotCheck(
            f"{what}: {short(error)}", "See whether the engine still answers: `docker info`."
        ) from error


@contextlib.contextmanager
def refused_build(dockerfile: str) -> Iterator[None]:
    """Turn the engine's refusal of a Dockerfile into a failed build: the subject's fault."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if not error.is_client_error():
            raise
        raise SubjectBroken(
            "the image build",
            expected="every step succeeds",
            got=f"fails before its first step: {short(error)}",
            path=dockerfile,
        ) from error


@contextlib.contextmanager
def going_anyway() -> Iterator[None]:
    """Take it for done when what is to be removed is gone, or is being removed by somebody else."""
    from docker.errors import APIError, NotFound

    try:
        yield
    except NotFound:
        return
    except APIError as error:
        if "is already in progress" not in str(error.explanation):
            raise


def root_cause(error: BaseException) -> str:
    """Return what the operating system said; the SDK wraps it three times over."""
    cause: BaseException | None = error
    while cause is not None:
        for one in (cause, *getattr(cause, "args", ())):
            for inner in (one, *getattr(one, "args", ())):
                if isinstance(inner, OSError) and inner.strerror:
                    return inner.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return short(error)


def short(error: BaseException) -> str:
    """Return the first line of what an error says, the engine's own words if it has any."""
    said = str(getattr(error, "explanation", None) or error).strip() or type(error).__name__
    return said.splitlines()[0][:LONGEST]
