"""Attack classes C1 to C10 and T1 to T3: forged CMS inside real PDF files."""
