"""Comparisons with the physical limit and with peers, as ratios within one run. See docs/benchmarks.md."""
