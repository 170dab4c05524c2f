"""XML Signature (XMLDSIG) and XAdES: `document.XmlDocument` is the way in.

Inside, from the bottom up: `names` (namespaces and algorithm URIs), `parse` (octets to a tree, safely), `c14n`
(a tree to the octets that are hashed), `xmldsig` (the ds:Signature element), `references` (what a signature
covers), `xades` (the qualifying properties), `examine` (facts of the signatures in a file), `document`. For signing:
`profiles` (TOML), `places` (paths to elements), `insertion` (where in the octets), `digests`, `writing` (the text),
`preparing` (all of it together), `pending` (what waits for a value).
"""
