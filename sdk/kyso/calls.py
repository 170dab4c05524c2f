"""Every call to a kyso (or any CSC) server, over whatever sends a request: `Calls` is what both clients speak.

Reach for `client` to have one that sends. All of it blocks until the server has answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kyso_pki.csc import CredentialInfo, InfoRequest, ListRequest, ListResponse, ServiceInfo
from kyso_pki.document import level_named
from kyso_pki.errors import RemoteError
from kyso_pki.scheme import HashName

from .api import Answer, Api, Params, Pin, Request, json_object, password_header, pin_header
from .csc import CscSigner
from .returned import require_extended, require_signed
from .serverside import ServerOptions, sign_params
from .signing import Password, asked_once

Send = Callable[[Request], Answer]
MAX_PAGES = 1000  # of credentials/list, against a server that sends another one for ever


@dataclass(frozen=True)
class Calls:
    """A server, and a way to it. What each call does is told at `kyso.Client`. Raises what `Api` and `send` raise."""

    api: Api
    send: Send

    def csc(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """One CSC method."""
        return self.api.csc_answer(method, self.send(self.api.csc(method, body)))

    def info(self) -> ServiceInfo:
        return ServiceInfo.parse(self.csc("info", {}))

    def credentials(self) -> list[CredentialInfo]:
        """Page after page; a server that never ends is refused."""
        ids: list[str] = []
        pages: list[str] = []
        page: str | None = None
        while True:
            body = ListRequest(page_token=page).to_json(self.api.version)
            answer = ListResponse.parse(self.csc("credentials/list", body))
            ids += answer.credential_ids
            page = answer.next_page_token
            if page is None:
                return [self.credential(name) for name in ids]
            if page in pages or len(pages) >= MAX_PAGES:
                raise RemoteError("The server's list of credentials does not end.")
            pages.append(page)

    def credential(self, credential_id: str) -> CredentialInfo:
        request = InfoRequest(credential_id, certificates="chain", cert_info=True, auth_info=True)
        return CredentialInfo.parse(self.csc("credentials/info", request.to_json()), credential_id)

    def signer(self, credential_id: str, *, pin: Pin, hash_name: HashName | None, pss: bool) -> CscSigner:
        return CscSigner(
            self.csc,
            self.credential(credential_id),
            pin=self.api.asker(pin, credential_id),
            version=self.api.version,
            hash_name=hash_name,
            pss=pss,
        )

    def sign_document(
        self,
        data: bytes,
        credential_id: str,
        *,
        pin: Pin,
        options: ServerOptions,
    ) -> bytes:
        password = asked_once(options.get("password"))
        headers = pin_header(self.api.asker(pin, credential_id)) | password_header(password, data)
        signed = self._document("/v1/sign", data, sign_params(credential_id, options), headers)
        require_signed(
            data,
            signed,
            password,
            certified=options.get("certify") is not None,
            countersigned=options.get("countersign") is not None,
        )
        return signed

    def extend_document(self, data: bytes, *, level: str, password: Password | None) -> bytes:
        password = asked_once(password)
        longer = self._document("/v1/extend", data, {"level": level_named(level)}, password_header(password, data))
        require_extended(data, longer, password)
        return longer

    def verify_document(self, data: bytes, *, password: Password | None) -> dict[str, Any]:
        answer = self.send(self.api.document("/v1/verify", data, {}, password_header(password, data)))
        self.api.document_answer(answer)
        return json_object(answer, self.api.base)

    def readiness(self) -> dict[str, Any]:
        return self.api.readiness_answer(self.send(self.api.readiness()))

    def _document(self, path: str, data: bytes, params: Params, headers: dict[str, str]) -> bytes:
        return self.api.document_answer(self.send(self.api.document(path, data, params, headers)))
