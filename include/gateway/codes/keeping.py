"""Encryption at rest, backup, restore and upgrade."""

from __future__ import annotations

from .base import Code

KEEPING: tuple[Code, ...] = (
    Code(
        "MASTER_KEY_MISSING",
        "intake",
        "Something is encrypted, or is to be, with a master key that this machine does not have.",
        "GATEWAY_MASTER_KEY_FILE or the connection gateway_master is not set here, or an old master key was removed too early.",
        "operator",
        "Give every machine the same master keys; remove an old one only after `gateway keys rotate`.",
        "Data key k1f0... is wrapped by master key 9a4c21d0, which this machine does not have.",
    ),
    Code(
        "SEALED_DAMAGED",
        "intake",
        "An encrypted file or value does not open with its key.",
        "It was changed, cut off or swapped in the files store or the database.",
        "operator",
        "Restore it from the backup, or ask the sender for the document again.",
        "A kept file does not open: it was changed or damaged.",
    ),
    Code(
        "ENCRYPTION_OFF",
        "intake",
        "`gateway keys encrypt` was called while encryption is off.",
        "GATEWAY_ENCRYPT is not set on this machine.",
        "operator",
        "Set it on every machine, then run the command again.",
        "Nothing was encrypted: set GATEWAY_ENCRYPT=true on every machine first.",
    ),
    Code(
        "STORE_NEWER",
        "intake",
        "The store was migrated by a newer version of the gateway; this one would damage it.",
        "An older version was installed over a newer one. A store is never migrated back.",
        "operator",
        "Install the newer version again, or restore the backup that was made before the upgrade.",
        "The store has revision 0012, which this version (up to 0010) does not know.",
    ),
    Code(
        "STORE_MISSING",
        "intake",
        "There is no store yet, so there is nothing to back up.",
        "The command was run before the first start, or with another GATEWAY_HOME or GATEWAY_DATABASE_URL.",
        "operator",
        "Run it where the gateway runs, with the same environment.",
        "There is no store yet, so there is nothing to back up.",
    ),
    Code(
        "BACKUP_INVALID",
        "intake",
        "This folder is no complete backup, or it was changed since it was made.",
        "A backup that was cut off (no manifest.json), a file of it that is missing or damaged.",
        "operator",
        "Use another backup; a good one passes `gateway backup --verify FOLDER`.",
        "tables/profile.jsonl.gz is not the file that the manifest names.",
    ),
    Code(
        "RESTORE_NOT_EMPTY",
        "intake",
        "A backup is only restored where nothing is: here is a store with data.",
        "The command was run on a machine in use, or twice.",
        "operator",
        "Use an empty GATEWAY_HOME and an empty database, or finish a restore that was killed by emptying them first.",
        "Nothing was restored: the store has 12 batches.",
    ),
)
