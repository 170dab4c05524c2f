"""DER, read strictly and written canonically (X.690)."""
