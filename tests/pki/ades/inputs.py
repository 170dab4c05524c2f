"""The smallest documents worth signing."""

from benchmarks import inputs

PDF = inputs.pdf(3000)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<CongVan Id="cv"><TrichYeu>V/v ký số</TrichYeu></CongVan>\n'.encode()
