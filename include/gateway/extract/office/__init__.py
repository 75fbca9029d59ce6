"""Office formats, text and HTML as pages of words, so that one pipeline reads them all.

None of these formats knows where a word will stand on paper. sheet.Sheet sets the paragraphs in a plain layout, one
below the other; boxes are places in that layout (page 1 unless the author broke the page), in the order and sizes of
the document.
"""
