"""Where trust anchors come from: signed bundles of our own form, and trusted lists (ETSI TS 119 612)."""
