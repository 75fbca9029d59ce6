"""A page as words with position, size, weight and links: from its text layer, or by OCR where there is none."""
