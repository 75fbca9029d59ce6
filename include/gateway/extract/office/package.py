"""What reading a damaged ZIP package of parts (DOCX, XLSX, ODT, ODS) may raise, whoever reads it."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

# From the ZIP itself, from a part that is not what its place says, and from libraries that expect well-formed parts.
# Not OSError: a disk that fails is not the file's fault.
PACKAGE_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    lzma.LZMAError,
    RuntimeError,  # a part with a password; NotImplementedError for an unknown way of packing
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    EOFError,
)
