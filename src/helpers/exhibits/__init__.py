"""Figures and tables: each a drawing and the data that it draws."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "effects": ["occupation_gains", "rivals_by_size", "target_gains"],
        "estimation": ["binned", "share_on_wage", "two_stages"],
        "exhibit": ["Exhibit", "canvas"],
        "inference": [
            "bands",
            "between_and_over_time",
            "correlations_by_occupation",
            "p_values",
            "sampling_distributions",
            "sector_weights",
            "specification_curve",
        ],
        "intuition": ["red_and_blue", "responses", "three_shares"],
        "palette": ["occupation_colours"],
        "paper_figures": ["figure_1a", "figure_1b", "figure_2", "figure_3", "figure_4", "figure_5"],
        "paper_tables": ["caption", "table_1", "table_2a", "table_2b", "table_8_2_1"],
        "policy": ["competition_map", "gains_map"],
        "report": ["in_units", "printed_and_computed", "verdicts_by_section"],
        "scales": ["at_the_median", "scale_map", "scale_ranking"],
        "small_multiples": ["moving", "small_multiples"],
        "table": ["Shown", "as_printed", "show"],
    },
)
