"""Messages of the Cloud Signature Consortium API, for both ends: the server's and the client's.

Versions 1.0.4.0 (`v1`) and 2.0.0.2 (`v2`) from one set of types. A request is read with `X.parse(body)`, which
takes either spelling (`hash` or `hashes`, `PIN` or `authData`) on either path, because ready clients mix them;
it is written with `.to_json(version)`. What a request may not be is raised as `CscRefusal`, in the words that
the specification prescribes; a client turns an answer's refusal into our own errors with `error_from`.

Refused here: digests shorter than SHA-256 (CSC 2.0 section 8), Ed25519 (its imprint is the message itself, so
that "sign this hash" would sign anything), signature values in any other form than bytes. No network in here.
"""

from .algorithms import SIGN_ALGORITHMS as SIGN_ALGORITHMS
from .algorithms import scheme_of_request as scheme_of_request
from .algorithms import sign_algo as sign_algo
from .body import SPECS as SPECS
from .body import VERSIONS as VERSIONS
from .body import Version as Version
from .body import object_of as object_of
from .credentials import CredentialInfo as CredentialInfo
from .credentials import InfoRequest as InfoRequest
from .credentials import ListRequest as ListRequest
from .credentials import ListResponse as ListResponse
from .credentials import describe as describe
from .refusal import CscRefusal as CscRefusal
from .refusal import error_from as error_from
from .refusal import invalid as invalid
from .refusal import unavailable as unavailable
from .service import ServiceInfo as ServiceInfo
from .signing import AuthorizeRequest as AuthorizeRequest
from .signing import AuthorizeResponse as AuthorizeResponse
from .signing import SignHashRequest as SignHashRequest
from .signing import SignHashResponse as SignHashResponse
