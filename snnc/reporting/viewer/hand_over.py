"""Hands a trace to Perfetto in the browser: offered once, on the port that Perfetto's page may fetch from.

The page comes from https://ui.perfetto.dev and reads the trace from this computer; nothing is uploaded. As
https://perfetto.dev/docs/visualization/deep-linking-to-perfetto-ui says, it allows 127.0.0.1:9001 alone.
"""

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from snnc.reporting.viewer.server import ADDRESS, HOSTS

PORT = 9001
PERFETTO = "https://ui.perfetto.dev"
PATH = "/trace.pftrace"
URL = f"{PERFETTO}/#!/?url=http://{ADDRESS}:{PORT}{PATH}"


def offer(content: bytes) -> uvicorn.Server:
    """A server whose `run(sockets=[listen(PORT)])` ends once Perfetto has fetched the trace."""

    def fetched() -> None:
        server.should_exit = True

    def give(request: Request) -> Response:
        return Response(content, media_type="application/octet-stream", background=BackgroundTask(fetched))

    app = Starlette(
        routes=[Route(PATH, give)],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False),
            Middleware(CORSMiddleware, allow_origins=[PERFETTO], allow_private_network=True),
        ],
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
    return server
