"""What a name, an e-mail address, a phone number, a place, a date and a language are: parsed, normalised, doubted.

The reader, the gates, the review desk and the lists share these meanings; nothing here knows a document or a store.
"""
