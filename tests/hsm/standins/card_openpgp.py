"""An OpenPGP card (PyPI smartcard-app-openpgp) in a vpcd reader.

`python -m tests.hsm.standins.card_openpgp PORT FILE`, in an environment of its own (`sh scripts/cards.sh`): that
package is GPLv3, for tests only, never a part of kyso, and its top-level package `smartcard` is also pyscard's
name. FILE keeps keys and PIN counters, as a card does. Ending the process pulls the card. APDU_DELAY_S makes it a
slow one.

Two answers are given here because OpenSC 0.23 needs them and smartcard-app-openpgp 0.4.0 has none that it takes.
"""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from typing import Any

from .vpcd import serve

GET_DATA, SELECT_DATA = 0xCA, 0xA5
ALGORITHM_INFORMATION = b"\x00\xfa"  # OpenPGP card 3.4, 4.4.3.11; optional, and the package encodes it twice
DONE, NOT_FOUND = b"\x90\x00", b"\x6a\x88"


def inserted(root: Any) -> Any:
    """The card in the file; a new one when it is empty."""
    if not hasattr(root, "card"):
        smartcard = import_module("smartcard")
        root.card = smartcard.Card(name=b"kyso test card")
        application = import_module("smartcard.app.openpgp").OpenPGP(identifier=b"\x4b\x59")
        application.activateSelf()
        root.card.createFile(root.card.traverse((smartcard.MASTER_FILE_IDENTIFIER,)), application)
    root.card.clearVolatile()
    return root.card


def main() -> None:
    port, file = int(sys.argv[1]), sys.argv[2]
    delay_s = float(os.environ.get("APDU_DELAY_S", "0"))
    transaction = import_module("smartcard.utils").transaction_manager
    certificate = import_module("smartcard.app.openpgp.tag").CardholderCertificate
    root = import_module("ZODB").DB(file, pool_size=1).open(transaction_manager=transaction).root
    with transaction:
        card = inserted(root)
        atr = bytes(card.getATR())

    def power(_command: int) -> None:
        with transaction:
            card.clearVolatile()

    def answer(command: bytes) -> bytes:
        time.sleep(delay_s)
        if command[1] == GET_DATA and command[2:4] == ALGORITHM_INFORMATION:
            return NOT_FOUND
        if command[1] == SELECT_DATA:  # the occurrence of DO 7F21 (3.4, 7.2.5); the class has no command for it
            with transaction:
                card._v_s_channel_list[0].setDataObjectIndex(certificate, command[2])
            return DONE
        return bytes(card.runAPDU(bytearray(command)))

    serve(port, atr, power, answer)


if __name__ == "__main__":
    main()
