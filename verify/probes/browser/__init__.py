"""Looks at a page with a real browser, for what only a browser sees.

The walk itself runs in a process of its own (`worker`): Playwright may then be used from any
thread and beside any event loop, and an interrupted look is ended with all that it started.
"""

from verify.probes.browser.finding import Browser, find
from verify.probes.browser.looking import look
from verify.probes.browser.sight import Sight

__all__ = ["Browser", "Sight", "find", "look"]
