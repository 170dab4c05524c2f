"""A report for people and for other programs.

words, said what is said, in Vietnamese and English
rows        what is said of one signature
sheet       a report in one language, for every form below
html        one file without script
setting     lines on A4 pages
pdf         those pages as PDF/A
etsi        ETSI TS 119 102-2, for other programs (elements: the XML)
forms       any of them by name
schema      the published JSON Schema of `DocumentReport.to_json`
"""
