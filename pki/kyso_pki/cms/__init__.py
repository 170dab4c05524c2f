"""Cryptographic Message Syntax (RFC 5652) as AdES uses it: `attributes`, `signed_data`, `examine`."""
