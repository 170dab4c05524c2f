"""Encrypted PDF files: the standard security handler of ISO 32000-2 7.6, for reading and for one more revision.

`opening.opened` turns the /Encrypt dictionary and a password into a `handler.Handler`; the reader asks it for each
object that it reads, an update for each that it writes. `rights` tells what /P lets a user do, `whole` what in a
signed file is not encrypted although its handler says so. Handlers of other kinds are refused by name.
"""
