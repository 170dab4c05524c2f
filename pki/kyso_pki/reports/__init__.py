"""A report for people and for other programs.

schema      the published JSON Schema of `DocumentReport.to_json`
"""
