"""Who chooses which city and occupation: shares, and households drawn one by one (section 2)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "choice": ["correlation_function", "log_lambda", "shares"],
        "draws": ["draw_productivities", "simulate_households"],
        "mix": ["similarity"],
        "table": ["Shares"],
    },
)
