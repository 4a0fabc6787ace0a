"""Cities, occupations and years: the tables that everything else works on (section 4.1)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "capability": ["Capability", "capabilities", "capability_table"],
        "contract": ["CELLS", "CITIES", "EXPOSURES", "OCCUPATIONS", "SHIFTS"],
        "storage": ["check_target"],
        "table": ["Panel"],
    },
)
