"""Backups of everything the gateway keeps, and back.

backup.py     one folder: the store's rows, kept files, the gateway's keys, agent files, the inbox; verified by its manifest
restore.py    such a folder on an empty machine; who was erased since stays erased, and nobody is sent twice
upgrade.py    the store's tables brought to this version, after a backup
receipts.py   copies of erasure receipts beside the backups, and what a restore makes of them
"""
