"""Named errors, and the checks of parameters that every entry point shares."""

from __future__ import annotations


class CompanionError(Exception):
    """Base of every error that this package raises on purpose."""


class ParameterError(CompanionError, ValueError):
    """A parameter lies outside its domain; the message says which, found and expected."""


class UnknownNameError(ParameterError):
    """A city, occupation, source or key that does not exist; the message has the nearest."""


class DataError(CompanionError):
    """An input file or table cannot be used; the message says which and why."""


class PanelError(DataError):
    """A table breaks the contract of :class:`helpers.panel.Panel`."""


class HashMismatchError(DataError):
    """A file does not have the bytes that it should have."""


class DataUnavailableError(DataError):
    """A file that could neither be found nor fetched in time."""


class MemoryLimitError(ParameterError):
    """A result that would not fit in memory; the message says how large it would be."""


class GivenDataError(DataError):
    """``COMPANION_DATA`` names what is no folder, or a folder that lacks a file."""


class CodebookError(DataError):
    """A codebook cannot be read, or describes an extract that cannot be used."""


class HierarchicalExtractError(CodebookError):
    """An extract whose records are of several types; ask IPUMS for a rectangular one."""


class WrongCollectionError(CodebookError):
    """An extract of another IPUMS collection than the model needs."""


class MissingVariableError(CodebookError):
    """A variable that is needed and not in the extract."""


class TruncatedFileError(DataError):
    """A compressed file that ends early or was damaged."""


class RecordError(DataError):
    """A line that cannot be read; the message says file, line, variable, found and expected."""


class SampleError(DataError):
    """Readable data from which no panel can be built, such as an extract with one city."""


class TfpError(DataError):
    """A table of total factor productivity with another layout, or a gap in it."""


class ExtractRequestError(DataError):
    """An extract that could not be ordered or fetched; the key is never in the message."""


class EquilibriumError(CompanionError):
    """An equilibrium that could not be found; the message says what kept it and what to change."""
