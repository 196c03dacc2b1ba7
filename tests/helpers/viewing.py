"""A view that is served to tests: the server of `snnc view` in a thread, and what it answers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage

from snnc.reporting.viewer.server import ADDRESS, listen, make_server
from snnc.reporting.viewer.session import Session


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: HTTPMessage


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{ADDRESS}:{self.port}"

    def get(self, path: str, host: str | None = None, method: str = "GET") -> Answer:
        """Ask it, under its own name or another."""
        connection = HTTPConnection(ADDRESS, self.port, timeout=60)
        connection.request(method, path, headers={"Host": host or f"{ADDRESS}:{self.port}"})
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode(), response.headers)
        connection.close()
        return answer


@contextmanager
def served(session: Session) -> Iterator[Served]:
    """Serve a session on a free port."""
    with listen(0) as socket:
        server = make_server(session)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        try:
            yield Served(socket.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
