"""The paper as it is printed, numbers, statements and errata, beside what a panel gives."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "errata": ["EFFECTS", "effects"],
        "evidence": ["Evidence", "Results", "THETA", "YEAR"],
        "index_forms": ["first_stages"],
        "numbers": ["TARGETS", "Target", "compare", "printed"],
        "over_draws": ["claims_over_draws"],
        "statements": ["CLAIMS"],
        "verdicts": ["Finding", "VerbalClaim"],
    },
)
