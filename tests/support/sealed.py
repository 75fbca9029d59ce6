"""Looking into what is kept encrypted."""

from __future__ import annotations

from gateway.pipeline import encryption
from gateway.store import sealing
from gateway.store.columns import is_sealed
from gateway.store.tables import Base


def plain_values() -> int:
    """How many values of sealed columns are not sealed; walks all of them."""
    return sum(
        not is_sealed(value)
        for table, name in encryption.sealed_columns()
        for _, value in encryption._rows(Base.metadata.tables[table], name)
    )


def sealed_size(size: int) -> int:
    """Bytes of a sealed file whose content has `size` bytes."""
    return sealing._HEADER.size + size + sealing.TAG * max(1, -(-size // sealing.PIECE))
