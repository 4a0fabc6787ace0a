"""Shift-share regressions and their inference (AKM, AKM0), sector by sector."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "fit": ["CollinearSharesError", "ShiftShareFit", "ShiftShareWarning"],
        "regression": ["regress"],
        "sectors": ["ShockLevelFit", "rotemberg_weights", "shock_level"],
    },
)
