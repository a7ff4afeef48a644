"""Imports what every attempt needs, once, in the process that all attempts are forked from."""

import gc
import importlib
import pkgutil

import pytest  # noqa: F401 - what this file is for

import verify.fixtures
import verify.gates
import verify.plugin
import verify.probes.launchers.survey
import verify.proving.attempt
import verify.session
from verify.planting import catalogue
from verify.proving.knowing import know

catalogue.read()
for _info in pkgutil.iter_modules(verify.gates.__path__):
    importlib.import_module(f"verify.gates.{_info.name}")
know()

# What stands here stays: no fork needs to look for garbage among it, nor to copy its pages.
gc.collect()
gc.freeze()
