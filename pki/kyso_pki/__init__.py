"""Formats and rules: X.509, CMS, PDF, XML, validation and CA logic.

Nothing here opens a socket, a file or a clock: bytes and a time go in, bytes or a verdict come out.
Start at `kyso_pki.formats.open_document` (sign and verify), `kyso_pki.authority` (run a CA) and
`kyso_pki.testing` (a whole PKI in memory for tests).
"""
