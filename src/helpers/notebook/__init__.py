"""What a chapter needs beside the economics: its numbers, its parameters, its exercises."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "numbers": ["record", "records"],
    },
)
