"""AdES over every format: signing levels (`sign`), the numbered verification steps (`verify`), `report`."""
