"""An economy drawn from the model itself, whose correlation, shape and shifters are known."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "records": ["write_extract", "write_tfp"],
        "truth": ["DEFAULT_SEED", "RHO", "SECTORS", "THETA", "YEARS", "Economy", "economy", "load"],
    },
)
