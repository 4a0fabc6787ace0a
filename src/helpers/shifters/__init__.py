"""The shifters of cities, occupations and cells, recovered from shares (section 3.2)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "pooled": ["pooled_city_effects", "pooled_occupation_effects"],
        "recovery": ["CONVENTIONS", "Shifters", "printed_city_shifter", "recover", "two_way"],
    },
)
