"""Tell whether the dashboard's server is healthy: exit code 0 or 1, and why on one line.

Streamlit answers 200 with its HTML page on almost every path, so the status alone proves nothing:
the body has to be `ok` and the content type text/plain. Standard library only, as it runs in the
image.
"""

import http.client
import sys
import urllib.request

URL = "http://127.0.0.1:8501/_stcore/health"
SECONDS = 4  # less than the Dockerfile's --timeout, so that the reason is always told
MOST = 1024  # an HTML page need not be read to its end


def problem(url: str) -> str | None:
    """What is wrong with the answer, or None."""
    # A proxy in the environment must not answer for us.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=SECONDS) as answer:
            kind = answer.headers.get_content_type()
            body = answer.read(MOST).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"{url}: {error}"
    if kind != "text/plain":
        return f"{url}: expected text/plain, got {kind}"
    if body != "ok":
        return f"{url}: expected 'ok', got {body[:40]!r}"
    return None


if __name__ == "__main__":
    found = problem(sys.argv[1] if len(sys.argv) > 1 else URL)
    print(found or "ok")
    sys.exit(found is not None)
