"""Trusted lists (ETSI TS 119 612, versions 2.1.1 to 2.3.1): verified, read, and made into anchors."""
