"""One person is forgotten, everywhere, with a receipt that a third party can check.

erase.py         the one way to remove people: the person's rows, file by file and place by place; idempotent, goes on after a kill
kept.py          copies of documents: the file, its pictures, its original name
suppression.py   keyed hashes by which the same person or file is known when sent again, and not read in
retention.py     periods by agent, and what is due by them
holds.py         legal hold: who is kept whatever a period says
approved.py      erasure by two people, as the DAG erase_person asks for it; choices.py has the answers
parts.py         what of a document is one person's; lists.py writes a list without some of its rows
"""
