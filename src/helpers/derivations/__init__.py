"""The paper's mathematics as claims, each decided by sympy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "claim": ["Claim", "DerivationError", "Equation", "Proof", "VERDICTS"],
        "collected": ["ledger", "results"],
    },
)
