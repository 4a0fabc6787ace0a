"""What if: exact hat algebra, who moves where, and policies (section 5)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "hats": ["shock", "welfare_change"],
        "leavers": ["diversion", "keepers", "redirection", "stayers"],
        "many": ["city_shocks", "grid"],
        "responses": [
            "cell_gains",
            "competition",
            "occupation_changes",
            "outlay_elasticity",
            "spillovers",
            "targets",
        ],
        "welfare": ["occupation_gains"],
    },
)
