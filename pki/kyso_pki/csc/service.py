"""`info`: what the service is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .body import Version, answer_text, answer_texts


@dataclass(frozen=True)
class ServiceInfo:
    """The answer of `info`."""

    specs: str
    name: str
    methods: tuple[str, ...]
    region: str = "VN"
    lang: str = "vi-VN"
    description: str = ""
    logo: str = ""
    auth_type: tuple[str, ...] = ("external",)
    """`external`: the access token is handed out by other means, here by the administrator."""
    sign_algorithms: tuple[str, ...] = ()

    def to_json(self, version: Version) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "specs": self.specs,
            "name": self.name,
            "logo": self.logo,
            "region": self.region,
            "lang": self.lang,
            "description": self.description,
            "authType": list(self.auth_type),
            "methods": list(self.methods),
        }
        if version == "v2":
            answer["asynchronousOperationMode"] = False
            answer["signAlgorithms"] = {"algos": list(self.sign_algorithms)}
        return answer

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> ServiceInfo:
        """Reads a server's answer. Raises `FormatError` when what is required is not there."""
        algorithms = answer.get("signAlgorithms")
        return cls(
            specs=answer_text(answer, "specs"),
            name=answer_text(answer, "name"),
            methods=answer_texts(answer, "methods"),
            region=str(answer.get("region", "")),
            lang=str(answer.get("lang", "")),
            description=str(answer.get("description", "")),
            logo=str(answer.get("logo", "")),
            auth_type=answer_texts(answer, "authType"),
            sign_algorithms=answer_texts(algorithms, "algos") if isinstance(algorithms, dict) else (),
        )
