"""Imports what every attempt needs, once, in the process that all attempts are forked from."""

import importlib
import pkgutil

import pytest  # noqa: F401 - what this file is for

import verify.fixtures
import verify.gates
import verify.plugin
import verify.proving.attempt
import verify.session

for _info in pkgutil.iter_modules(verify.gates.__path__):
    importlib.import_module(f"verify.gates.{_info.name}")
