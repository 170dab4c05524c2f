"""The API page at `/docs`: plain HTML made from the OpenAPI description, without a script or a foreign server.

The framework's own page loads its program from a content delivery network; a server that holds keys in a closed
network has none, and one that has should not run a stranger's script.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.6rem} h2{font-size:1.1rem;margin:2rem 0 .3rem} code,pre{font-family:ui-monospace,monospace}
.m{display:inline-block;min-width:3.5rem;font-weight:700} table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ddd;text-align:left;padding:.3rem .6rem .3rem 0;vertical-align:top}
pre{background:#f4f4f4;padding:.6rem;overflow:auto} .lock{color:#8a4b00}
"""


def render(api: dict[str, Any]) -> str:
    """The page for an OpenAPI 3 description."""
    info = api["info"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width'>",
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>{_paragraphs(info.get('description', ''))}",
        "<p>For programs: <a href='/openapi.json'>openapi.json</a></p>",
    ]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            parts.extend(_operation(path, method, operation))
    return "".join([*parts, "</body></html>"])


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    lock = " <span class='lock'>API token</span>" if operation.get("security") else ""
    yield f"<h2><span class='m'>{escape(method.upper())}</span> <code>{escape(path)}</code>{lock}</h2>"
    yield _paragraphs(operation.get("description") or operation.get("summary", ""))
    rows = [
        (p["name"], p["in"], "yes" if p.get("required") else "", p.get("description", ""))
        for p in operation.get("parameters", ())
    ]
    if rows:
        yield "<table><tr><th>parameter</th><th>in</th><th>required</th><th></th></tr>"
        yield from (f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        yield "</table>"
    for kind in operation.get("requestBody", {}).get("content", {}):
        yield f"<p>Body: <code>{escape(kind)}</code></p>"
    for status, answer in operation.get("responses", {}).items():
        kinds = ", ".join(answer.get("content", {}))
        yield f"<p><b>{escape(status)}</b> {escape(answer.get('description', ''))} <code>{escape(kinds)}</code></p>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(p)}</p>" for p in text.split("\n\n") if p.strip())
