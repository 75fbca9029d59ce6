"""One person is forgotten, everywhere, with a receipt that a third party can check.

erase.py         the person's rows, file by file and place by place; idempotent, goes on after a kill
kept.py          what is kept of documents: the file, its pictures, the name it came under
suppression.py   keyed hashes by which the same person or file is known when sent again, and not read in
"""
