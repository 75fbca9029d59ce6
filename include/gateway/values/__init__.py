"""Names, e-mail addresses, phone numbers, places, dates and languages: parsed, normalised, doubted.

The reader, the gates, the review desk and the lists share these meanings; nothing here knows a document or a store.
"""
