"""A server of this process's own, on this machine, for as long as a block lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], before_end: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Answer with ``handler`` at the port that is yielded.

    Args:
        before_end: lets go of requests that wait, so that the server can end.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        before_end()
        server.shutdown()
        thread.join()
        server.server_close()
