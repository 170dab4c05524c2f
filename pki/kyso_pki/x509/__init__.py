"""X.509: certificates as read, trust anchors, paths, CRLs, OCSP (RFC 5280, RFC 6960)."""
