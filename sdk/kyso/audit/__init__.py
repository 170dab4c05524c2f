"""Verify a million files in one night: `plan` (what by), `executor` (by whom), `run` (durably), `outputs`, `totals`.

Reach for `kyso.audit.run.Run`. A run has one frozen validation time, one set of anchors and rules and one shared
store of evidence; its files are listed once, worked on in chunks, and each chunk is on disk before it counts. So a
run that was killed goes on where it stopped, and its report is the same as if it had not been.
"""
