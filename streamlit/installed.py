"""Says which archives were installed, while the image is built.

    python3 installed.py REPORT TARGET

REPORT is what `pip install --report` wrote; of it, TARGET gets the
name and version of each distribution and the SHA-256 of its archive, and nothing else: no address
of an index, which may carry credentials, and no time. So the same archives make the same file.

The gate `dependencies` compares these with the hashes of the lock.
"""

import json
import os
import re
import sys
from typing import Any

SCHEMA = "verify.installed/v1"


def row(installed: dict[str, Any]) -> dict[str, str]:
    """Return what is told of one distribution; no hash is told of what came from no archive."""
    about = installed["metadata"]
    archive = installed["download_info"].get("archive_info", {})
    kind, _, old = archive.get("hash", "").partition("=")  # all that pip before 23.1 tells
    hashes = archive.get("hashes") or {kind: old}
    return {
        "name": re.sub(r"[-_.]+", "-", about["name"]).lower(),
        "version": about["version"],
        "sha256": hashes.get("sha256", ""),
    }


def main() -> None:
    """Write TARGET from REPORT."""
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:  # noqa: PTH123 - needs no more than it does
        report = json.load(file)
    rows = sorted(map(row, report["install"]), key=lambda one: one["name"])
    # Whole or not at all: a build that breaks off here leaves no half of it in a cached layer.
    with open(f"{target}.part", "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"schema": SCHEMA, "installed": rows}, file, indent=1)
        file.write("\n")
    os.replace(f"{target}.part", target)  # noqa: PTH105


if __name__ == "__main__":
    main()
