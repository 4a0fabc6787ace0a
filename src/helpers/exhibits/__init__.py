"""Figures and tables: each a drawing and the data that it draws."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "exhibit": ["Exhibit", "canvas"],
        "foundations": ["gain_by_weight", "instrument_by_hand", "small_city"],
        "inference": [
            "bands",
            "between_and_over_time",
            "correlations_by_occupation",
            "p_values",
            "sampling_distributions",
            "sector_weights",
            "specification_curve",
        ],
        "markets": [
            "change_map",
            "fixed_and_answered",
            "floors",
            "losses",
            "out_of_work",
            "pay_by_occupation",
            "sensitivity",
        ],
        "intuition": ["responses", "three_shares"],
        "palette": ["occupation_colours"],
        "paper_figures": ["figure_1a", "figure_1b", "figure_2", "figure_3", "figure_4", "figure_5"],
        "paper_tables": ["caption", "table_1", "table_2a", "table_2b", "table_8_2_1"],
        "policy": ["competition_map", "gains_map"],
        "robustness": ["cells_over_time", "conclusions", "coverage", "placebo"],
        "small_multiples": ["moving", "small_multiples"],
        "table": ["Shown", "as_printed", "show"],
    },
)
