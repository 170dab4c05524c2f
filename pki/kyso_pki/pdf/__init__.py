"""PDF (ISO 32000): a strict, linear reader, facts per signature, changes after signing, one appended revision."""
