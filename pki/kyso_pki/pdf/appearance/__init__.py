"""What a signature shows on the page, and where: stamps as NĐ 30/2020/NĐ-CP, Appendix I, wants them, and free ones.

    template    what a stamp is made of, read from TOML; `built_in("con-dau")`
    stamp       a template with its images and words: what a caller hands in
    layout      the stamp drawn: sizes, text, the form XObject as bytes
    sight       where text stands on a page, and pictures of pages (PDFium)
    placing     where on which page; `place(reader, stamp, …)` gives the `Placed` of an `Intent`
    preview     the result as a picture, without a key

Only `objects` is needed to sign; everything else, and the libraries of the extra `kyso[appearance]`, is loaded
when a stamp is used. None of this is part of a verdict.
"""
