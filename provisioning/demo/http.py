"""A browser's cookies for programs: `Secure` cookies go to loopback without TLS, as in browsers."""

from __future__ import annotations

import requests

CALL_SECONDS = 10


class LoopbackSession(requests.Session):
    """A session for one program on loopback, where plain HTTP counts as a secure origin.

    requests itself, which knows of no such origins, would keep `Secure` cookies back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Add the cookies."""
        return self._with_cookies(super().prepare_request(request))

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Add the cookies to what a redirect asks for."""
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]
        self._with_cookies(prepared_request)

    def _with_cookies(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.cookies)
        if cookies:
            prepared.headers["Cookie"] = cookies
        return prepared
