"""What can go wrong, by name, and the checks that say so."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "checks": [
            "as_numbers",
            "check_positive",
            "check_rho",
            "check_theta",
            "find_name",
            "nearest",
            "shown",
        ],
        "named": [
            "CodebookError",
            "CompanionError",
            "DataError",
            "DataUnavailableError",
            "EquilibriumError",
            "ExtractRequestError",
            "GivenDataError",
            "HashMismatchError",
            "HierarchicalExtractError",
            "MemoryLimitError",
            "MissingVariableError",
            "PanelError",
            "ParameterError",
            "RecordError",
            "SampleError",
            "TfpError",
            "TruncatedFileError",
            "UnknownNameError",
            "WrongCollectionError",
        ],
    },
)
