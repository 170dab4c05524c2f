"""What runs inside a worker: one library, one token, one session, on one thread.

`ModuleHost.answer(request)` does one request of `kyso_hsm.wire`. Only a worker imports this file and the ones
beside it that import python-pkcs11 (`attributes`, `values`, `making`, `upkeep`). It holds the PIN of the token it has
opened, so that a lost session can be opened again, and wipes it at logout. What it refuses: logging in when one wrong
PIN would lock the token, a second try of any login, a private key that could leave the token.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pkcs11
from pkcs11 import Attribute, ObjectClass, _pkcs11

from . import ckr, wire
from .attributes import id_of, kind_of, label_of, mapper, number_of, spki_of, token_info, value_of
from .cryptoki import CKU_CONTEXT_SPECIFIC, CKU_USER, CkrError, Cryptoki, wipe
from .module import TOKEN_INITIALIZED, TokenInfo
from .values import digest_info_head, ecdsa_der, mechanism_of

_LARGEST_PART = 16  # values between two looks of the caller; each part costs the worker some 10 µs
_BAD_EXE_FORMAT = 193  # Windows says it of a 32-bit library in a 64-bit process


class Refused(Exception):
    """A request that cannot be done; carries the reply."""

    def __init__(self, refusal: wire.Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class _FoundKey(NamedTuple):
    """A key's handle and what each signature with it needs to know, read once."""

    handle: int
    wants_pin_each_time: bool
    signing: dict[tuple[str, str], Callable[[bytes], bytes]]
    """What makes a value, by mechanism and hash."""


class ModuleHost:
    """The library of this process. Not for more than one thread."""

    def __init__(self) -> None:
        self._cryptoki: Cryptoki | None = None
        self._library: Any = None
        self._listed: dict[tuple[str, str], Any] = {}
        self._bound: TokenInfo | None = None
        self._token: Any = None
        self._session: Any = None
        self._pin: bytearray | None = None
        self._logged_in = False
        self._keys: dict[wire.KeyAddress, _FoundKey] = {}

    def answer(self, request: wire.Request) -> wire.Reply:
        """The reply; errors of the library and of this class become a `Refusal`."""
        work: dict[type[Any], Callable[[Any], wire.Reply]] = {
            wire.Load: self._load,
            wire.ListTokens: self._list_tokens,
            wire.Bind: self._bind,
            wire.ReadToken: self._read_token,
            wire.ReadObjects: self._read_objects,
            wire.Login: self._login,
            wire.LoginAgain: self._login_again,
            wire.Logout: self._logout,
            wire.Generate: self._make,
            wire.ImportCertificate: self._make,
            wire.InitToken: self._make,
            wire.ReadDetails: self._upkeep,
            wire.ChangePin: self._upkeep,
            wire.Delete: self._upkeep,
            wire.Shutdown: self._shutdown,
        }
        try:
            return work[type(request)](request)
        except (Refused, CkrError, pkcs11.PKCS11Error) as e:
            return _refusal(e, type(request).__name__)

    def signatures(self, request: wire.Sign) -> Iterator[wire.Reply]:
        """The values in order, few at a time, so that the caller can verify one lot while the next is made; the
        first and the last lots are the smallest, as nothing else goes on then. Ends with `last` or a `Refusal`."""
        try:
            yield from self._signatures(request)
        except (Refused, CkrError, pkcs11.PKCS11Error) as e:
            yield _refusal(e, "C_Sign", f"{request.what.mechanism} with {request.what.hash_name}")

    # The library and its tokens ------------------------------------------------------------------------

    def _load(self, request: wire.Load) -> wire.Reply:
        try:
            cryptoki = Cryptoki(request.path)
        except OSError as e:
            raise Refused(wire.Refusal("load", text=_why_not_loaded(request.path, e))) from None
        except AttributeError:
            text = "it is a library, but not a PKCS#11 module, as it has no C_GetFunctionList"
            raise Refused(wire.Refusal("load", text=text)) from None
        self._cryptoki = cryptoki
        self._library = _library_class(cryptoki)(request.path)
        return wire.Loaded(self._library.library_description, self._library.manufacturer_id, os.getpid())

    def _list_tokens(self, request: wire.ListTokens) -> wire.Reply:
        found = tuple(self._tokens())
        self._listed = {(info.label, info.serial): token.slot for info, token in reversed(found)}
        return wire.Tokens(tuple(info for info, _ in found))

    def _tokens(self) -> Iterator[tuple[TokenInfo, Any]]:
        """Initialised tokens that are there now."""
        for slot in self._library.get_slots(True):
            try:
                token = slot.get_token()
            except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised, pkcs11.DeviceRemoved):
                continue  # pulled out between the two calls, or a card that the library does not know
            info = token_info(token)
            if info.flags & TOKEN_INITIALIZED:
                yield info, token

    def _bind(self, request: wire.Bind) -> wire.Reply:
        self._unbind()
        for info, token in chain(self._where_it_was(request), self._tokens()):
            if info.label == request.label and info.serial == request.serial:
                self._bound, self._token = info, token
                self._open_session()
                return wire.TokenState(info, self._logged_in)
        raise Refused(wire.Refusal("no-token"))

    def _where_it_was(self, request: wire.Bind) -> Iterator[tuple[TokenInfo, Any]]:
        """What is in the slot that had the token when tokens were listed; looking into all 400 each time adds up."""
        slot = self._listed.get((request.label, request.serial))
        if slot is not None:
            with contextlib.suppress(pkcs11.PKCS11Error):  # then all slots are looked at
                token = slot.get_token()
                yield token_info(token), token

    def _open_session(self) -> None:
        self._keys.clear()
        self._session = self._token.open(attribute_mapper=mapper())

    def _unbind(self) -> None:
        if self._token is None:
            return
        self._forget_pin()
        self._keys.clear()
        self._logged_in = False
        slot = self._token.slot.slot_id
        self._bound = self._token = self._session = None
        with contextlib.suppress(CkrError):  # sessions of a token that was pulled out are closed already
            self._calls.close_all_sessions(slot)  # logs out as well (PKCS#11 2.40 section 5.6)

    @property
    def _calls(self) -> Cryptoki:
        if self._cryptoki is None:
            raise Refused(wire.Refusal("internal", text="no library is loaded"))
        return self._cryptoki

    def _require_session(self) -> Any:
        if self._session is None:
            raise Refused(wire.Refusal("not-bound"))
        return self._session

    def _read_token(self, request: wire.ReadToken) -> wire.Reply:
        self._require_session()
        return wire.TokenState(self._fresh_info(), self._logged_in)

    def _fresh_info(self) -> TokenInfo:
        """C_GetTokenInfo now, refusing another token that was put into the slot meanwhile."""
        info = token_info(self._token.slot.get_token())
        if self._bound is None or (info.label, info.serial) != (self._bound.label, self._bound.serial):
            raise Refused(wire.Refusal("no-token"))
        return info

    # Login ---------------------------------------------------------------------------------------------

    def _login(self, request: wire.Login) -> wire.Reply:
        session = self._require_session()
        if self._logged_in:
            return wire.TokenState(self._fresh_info(), True)
        pin = None if request.pin is None else bytearray(request.pin.encode("utf-8"))
        try:
            self._login_once(session, pin, even_if_low=not request.automatic)
        except Refused:
            if pin is not None:
                wipe(pin)
            raise
        self._pin = pin
        return wire.TokenState(self._fresh_info(), True)

    def _login_once(self, session: Any, pin: bytearray | None, *, even_if_low: bool) -> None:
        """One C_Login after a look at the flags; `even_if_low` allows it after somebody's wrong PIN."""
        info = self._fresh_info()
        if info.locked or info.final_try or (info.count_low and not even_if_low):
            raise Refused(wire.Refusal("unsafe-login", flags=info.flags))
        if self._calls.logged_in(session.handle):
            self._calls.logout(session.handle)  # a login that is not ours proves nothing about this PIN
        try:
            self._calls.login(session.handle, CKU_USER, pin)
        except CkrError as e:
            raise Refused(wire.Refusal("login", e.number, e.function, flags=self._flags_or_zero())) from None
        self._logged_in = True

    def _flags_or_zero(self) -> int:
        try:
            return self._fresh_info().flags
        except (Refused, pkcs11.PKCS11Error):
            return 0  # "could not be read": the refusal of the login is what matters

    def _logout(self, request: wire.Logout) -> wire.Reply:
        session = self._require_session()
        self._forget_pin()
        self._keys.clear()
        if self._logged_in:
            self._logged_in = False
            self._calls.logout(session.handle)
        return wire.Done()

    def _forget_pin(self) -> None:
        if self._pin is not None:
            wipe(self._pin)
            self._pin = None

    def _login_again(self, request: wire.LoginAgain) -> wire.Reply:
        session = self._require_session()
        if self._pin is None:
            raise Refused(wire.Refusal("not-logged-in"))
        if not self._logged_in:
            try:
                self._login_once(session, self._pin, even_if_low=False)
            except Refused:
                self._forget_pin()
                raise
        return wire.TokenState(self._fresh_info(), True)

    def _reopen(self) -> None:
        """A new session. Its login is the host's to make again: another worker's may have been refused."""
        was_logged_in = self._logged_in
        self._logged_in = False
        self._keys.clear()
        self._calls.close_all_sessions(self._token.slot.slot_id)
        self._library.get_slots(True)  # OpenSC notices a card that was put back only when slots are listed
        self._fresh_info()
        self._open_session()
        if was_logged_in:
            raise Refused(wire.Refusal("not-logged-in"))

    # Keys ----------------------------------------------------------------------------------------------

    def _read_objects(self, request: wire.ReadObjects) -> wire.Reply:
        self._require_session()
        private = tuple(
            wire.PrivateKeyFacts(label_of(o), id_of(o), spki_of(o), bool(value_of(o, Attribute.SIGN)))
            for o in self._find({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
        )
        public = tuple(
            wire.PublicKeyFacts(label_of(o), id_of(o), spki_of(o), kind_of(o))
            for o in self._find({Attribute.CLASS: ObjectClass.PUBLIC_KEY})
        )
        certificates = tuple(
            wire.CertificateFacts(label_of(o), id_of(o), value)
            for o in self._find({Attribute.CLASS: ObjectClass.CERTIFICATE})
            if (value := value_of(o, Attribute.VALUE))
        )
        return wire.Objects(private, public, certificates)

    def _find(self, template: dict[Attribute, Any]) -> list[Any]:
        return list(self._session.get_objects(template))  # to the end, or the search stays active

    def _private_key(self, address: wire.KeyAddress) -> _FoundKey:
        known = self._keys.get(address)
        if known is not None:
            return known
        found = self._find({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: address.id})
        found = [k for k in found if label_of(k) == address.label]
        if len(found) != 1:
            raise Refused(wire.Refusal("many-keys" if found else "no-key"))
        if not hasattr(found[0], "sign"):  # python-pkcs11 gives `sign` only to keys with CKA_SIGN
            raise Refused(wire.Refusal("ckr", ckr.number("KEY_FUNCTION_NOT_PERMITTED"), "C_SignInit"))
        key = _FoundKey(found[0].handle, bool(value_of(found[0], Attribute.ALWAYS_AUTHENTICATE)), {})
        self._keys[address] = key
        return key

    def _signatures(self, request: wire.Sign) -> Iterator[wire.Reply]:
        self._require_session()
        if self._bound and self._bound.needs_login and not self._logged_in:
            raise Refused(wire.Refusal("not-logged-in"))
        imprints = request.imprints
        done, total = 0, len(imprints)
        reopened, ready = False, list[bytes]()
        while True:
            try:
                sign = self._signing(request.what)
                while done + len(ready) < total:
                    for imprint in imprints[done + len(ready) : done + _part_size(done, total)]:
                        ready.append(sign(imprint))
                    done += len(ready)
                    part, ready = tuple(ready), []
                    yield wire.Signatures(part, reopened, done == total)
                break
            except (Refused, CkrError, pkcs11.PKCS11Error) as e:
                if ready:  # what was made is told, so that nobody signs it again
                    done += len(ready)
                    part, ready = tuple(ready), []
                    yield wire.Signatures(part, reopened, False)
                if reopened or not self._may_reopen(e):
                    raise
                self._reopen()
                reopened = True  # and goes on with the same imprint: those before it have their values
        if not total:
            yield wire.Signatures((), False, True)

    def _may_reopen(self, error: Exception) -> bool:
        if isinstance(error, CkrError):
            return ckr.recovery_of(error.number) == "reopen"
        if isinstance(error, pkcs11.PKCS11Error):
            return ckr.recovery_of(number_of(error)) == "reopen"
        # A session that lost its login finds no private keys, without an error (SoftHSM, OpenSC).
        return isinstance(error, Refused) and error.refusal.reason == "no-key" and self._login_is_lost()

    def _login_is_lost(self) -> bool:
        try:
            return self._logged_in and not self._calls.logged_in(self._session.handle)
        except CkrError:
            return True  # not even the session is there

    def _signing(self, what: wire.SignWith) -> Callable[[bytes], bytes]:
        """What makes a value out of an imprint with this key, found once and kept as long as the session."""
        key = self._private_key(what.key)
        how = (what.mechanism, what.hash_name)
        if how not in key.signing:
            key.signing[how] = self._new_signing(key, what)
        return key.signing[how]

    def _new_signing(self, key: _FoundKey, what: wire.SignWith) -> Callable[[bytes], bytes]:
        mechanism, pss = mechanism_of(what.mechanism, what.hash_name)
        login = self._context_login if key.wants_pin_each_time else None
        sign = self._calls.signing(self._session.handle, key.handle, mechanism, pss, login)
        if what.mechanism == "rsa-pkcs1":
            head = digest_info_head(what.hash_name)
            return lambda digest: sign(head + digest)
        if what.mechanism == "ecdsa":
            return lambda digest: ecdsa_der(sign(digest))
        if pss is None:
            return sign

        def sign_pss(digest: bytes) -> bytes:
            try:
                return sign(digest)
            except CkrError as e:
                if e.number != ckr.number("ARGUMENTS_BAD"):
                    raise
                raise CkrError(e.function, ckr.number("MECHANISM_PARAM_INVALID")) from None  # SoftHSM's word for it

        return sign_pss

    def _context_login(self) -> None:
        """The PIN once more, for a key with CKA_ALWAYS_AUTHENTICATE; the pad asks the person by itself."""
        info = self._fresh_info()
        if info.locked or info.final_try or info.count_low:
            raise Refused(wire.Refusal("unsafe-login", flags=info.flags))
        if self._pin is None and not info.has_pinpad:
            raise Refused(wire.Refusal("not-logged-in"))
        try:
            self._calls.login(self._session.handle, CKU_CONTEXT_SPECIFIC, self._pin)
        except CkrError as e:  # never tried again from here
            raise Refused(wire.Refusal("login", e.number, e.function, flags=self._flags_or_zero())) from None

    # What is never needed while signing ----------------------------------------------------------------

    def _make(self, request: wire.Generate | wire.ImportCertificate | wire.InitToken) -> wire.Reply:
        from . import making

        return making.answer(self, request)

    def _upkeep(self, request: wire.ReadDetails | wire.ChangePin | wire.Delete) -> wire.Reply:
        from . import upkeep

        self._require_session()
        return upkeep.answer(self, request)

    def _shutdown(self, request: wire.Shutdown) -> wire.Reply:
        if self._cryptoki is not None:
            self._unbind()
            self._cryptoki.finalize()
        return wire.Done()


def _refusal(error: Refused | CkrError | pkcs11.PKCS11Error, deed: str, algorithm: str = "") -> wire.Refusal:
    """What the caller's process is told of an error."""
    if isinstance(error, Refused):
        return error.refusal
    if isinstance(error, CkrError):
        return wire.Refusal("ckr", error.number, error.function, algorithm)
    return wire.Refusal("ckr", number_of(error), deed, algorithm)


def _part_size(done: int, total: int) -> int:
    """How many values to tell at once: few at first, so that their verification begins, and few at the end."""
    return min(_LARGEST_PART, max(4, done), max(2, (total - done) // 2))


def _why_not_loaded(path: str, error: OSError) -> str:
    """What the loader says, without the path, which whoever reads it has before."""
    if Path(path).name != path and not Path(path).exists():  # a bare name is looked for in the loader's own folders
        return "there is no such file"
    if getattr(error, "winerror", None) == _BAD_EXE_FORMAT or "ELFCLASS" in str(error):
        return "it is made for another kind of processor; a 64-bit Python needs the vendor's 64-bit library"
    return str(error).removeprefix(f"{path}: ")


def _library_class(cryptoki: Cryptoki) -> Any:
    """python-pkcs11's library class with our initialisation in place of C_Initialize(NULL)."""

    class Library(_pkcs11.lib):
        @property
        def initialized(self) -> bool:  # type: ignore[override]  # an attribute in the stub, read-only in the C code
            return cryptoki.initialized

        def initialize(self) -> None:
            if not cryptoki.initialized:
                cryptoki.use_list_of(self, _pkcs11.lib.__mro__[1])
                cryptoki.initialize()

        def finalize(self) -> None:
            cryptoki.finalize()

    return Library
