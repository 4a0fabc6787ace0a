"""Where data come from: the published files, the synthetic economy, a reader's own panel."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "resolution": ["NAMES", "Resolution", "load", "resolve"],
    },
)
