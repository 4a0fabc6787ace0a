"""How sure: standard errors, weak-instrument sets, bootstrap, specifications, simulations."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "by_clustering": ["cluster_weights", "standard_errors"],
        "interval": ["ConfidenceSet"],
        "net": ["Within", "within"],
        "overidentifying": ["Overidentification", "overidentification", "with_base"],
        "resampling": ["Cells", "bootstrap", "leave_one_out"],
        "weak_instruments": [
            "FORMS",
            "anderson_rubin",
            "anderson_rubin_forms",
            "anderson_rubin_p_value",
            "p_value_curve",
        ],
        "wild": [
            "WildTest",
            "wild_anderson_rubin",
            "wild_anderson_rubin_test",
            "wild_draws",
            "wild_interval",
            "wild_test",
        ],
    },
)
