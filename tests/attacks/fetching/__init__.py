"""Attack class V6: what a URL in a certificate makes a verifier do."""
