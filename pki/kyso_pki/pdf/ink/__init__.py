"""Where a page may have ink: a bound from outside that holds for every reader, made without drawing.

Reach for `page.page_ink`. The content of a page is read operator by operator; every text, line, fill and picture
marks the rectangle that it cannot leave. Clipping and transparency only take away, so they are left out. What is not
understood (shadings, Type 3 fonts, fonts whose outlines are not read here, inline images, unknown operators), and
what readers are known to take differently, gives no bound at all: the caller then takes the whole page as covered.
Rooms: `grid` the marks, `tokens` and `operators` what may stand in a content stream, `content` what it draws with its
`state`, `resources`, `forms` and `matrix`, `text` where a text stands, `fonts` how far it reaches, `truetype`, `cmap`
and `tricky` how far a glyph does, `budget` how much work a file may cost.
"""
