"""The server of the view: the pages of a session, for this computer alone.

Starlette routes and refuses foreign Host headers, so that no site elsewhere reaches it under a name of its
own (DNS rebinding); uvicorn serves. Templates escape what they are given.
"""

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from snnc.base.errors import SnncError, UsageError
from snnc.reporting.page import environment
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.session import Session

ADDRESS = "127.0.0.1"
HOSTS = [ADDRESS, "localhost"]
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def make_app(session: Session) -> Starlette:
    """The application: one page for every location, its style and its script."""
    templates = environment()
    page, failure = templates.get_template("view.html"), templates.get_template("failure.html")
    style = "\n".join(templates.get_template(name).render() for name in ("style.css", "view.css"))
    script = templates.get_template("view.js").render()

    # Not a thread each: plots and the recordings kept are for one at a time.
    async def show(request: Request) -> Response:
        try:
            location = Location.parse(request.query_params)
            return HTMLResponse(page.render(session.content(location)), headers=HEADERS)
        except SnncError as error:
            return HTMLResponse(failure.render(error=error), 404, headers=HEADERS)

    def constant(text: str, kind: str) -> Callable[[Request], Response]:
        return lambda request: PlainTextResponse(text, media_type=kind, headers=HEADERS)

    return Starlette(
        routes=[
            Route("/", show),
            Route("/view.css", constant(style, "text/css")),
            Route("/view.js", constant(script, "text/javascript")),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
    )


def listen(port: int) -> socket.socket:
    """A socket of this computer alone on `port`, any free one for 0; raises UsageError where it is taken."""
    try:
        return socket.create_server((ADDRESS, port))
    except OSError as error:
        raise UsageError(f"port {port} of {ADDRESS} cannot be used: {error.strerror}") from None


def make_server(session: Session) -> uvicorn.Server:
    """The server; `run(sockets=[listen(port)])` answers until interrupted."""
    config = uvicorn.Config(make_app(session), log_level="warning", access_log=False, server_header=False)
    return uvicorn.Server(config)
