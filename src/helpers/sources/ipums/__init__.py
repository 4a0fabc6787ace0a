"""Extracts of IPUMS: order one, read its codebook, scan its records, check its lines."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "codebook": ["Codebook", "STAND_INS", "Variable", "is_fixed", "read_codebook"],
        "lines": ["check", "verify"],
        "order": ["KEY_VARIABLE", "SAMPLES", "VARIABLES", "fetch"],
        "table": ["connect", "scan"],
    },
)
