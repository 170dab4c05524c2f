"""XPath in XML Signature, only when the caller asks for it: a part of XPath 1.0, read and run by our own code.

`grammar` reads an expression, `evaluation` runs it and counts its steps, `filters` says what a reference keeps
(docs/adr/0022). Nothing here reaches outside the document: there are no variables, no document(), no id(), and no
function of anybody's but here().
"""
