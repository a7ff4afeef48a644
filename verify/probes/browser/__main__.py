"""Ends with exit code 0 where there is a browser, else says why not; for `scripts/browser.sh`."""

import sys

from verify.errors import Unavailable
from verify.probes.browser.finding import find

try:
    find()
except Unavailable as error:
    sys.exit(str(error))
