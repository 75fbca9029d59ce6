"""What arrived: finding complete drops, claiming each once, and naming every document in it.

inbox.py      drops in the watched folder: complete or not, claimed by an atomic move
manifest.py   batch.yaml, a sender's statements about a drop
archive.py    ZIP members, read safely
files.py      where the bytes are kept: a local folder or an object store
register.py   a claimed folder -> Document rows
"""
