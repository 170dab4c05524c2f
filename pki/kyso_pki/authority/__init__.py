"""Run a CA: profiles, issuance with its lint, revocation lists, OCSP answers, timestamps."""
