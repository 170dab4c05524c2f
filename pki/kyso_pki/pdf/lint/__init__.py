"""What in a PDF makes "what you see" differ from "what you sign", before it is signed (attack class P10).

Reach for `linting.lint`. `checks` is the table of everything that is looked for, with its clause and what is done
about it by default; `policy` changes that per code. `survey` walks the file once, the other rooms look at what it
found. Nothing is executed, fetched or drawn, and no image is decoded.
"""
