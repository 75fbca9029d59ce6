"""One person is forgotten, everywhere, with a receipt that a third party can check.

erase.py         the person's rows, file by file and place by place; idempotent, goes on after a kill
kept.py          copies of documents: the file, its pictures, its original name
suppression.py   keyed hashes by which the same person or file is known when sent again, and not read in
"""
