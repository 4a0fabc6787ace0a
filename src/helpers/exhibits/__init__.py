"""Figures and tables: each a drawing and the data that it draws."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "as_run": [
            "as_run_figure_2",
            "as_run_figure_3",
            "as_run_figure_4",
            "as_run_figure_5",
            "causes_of_figure_2",
            "implied_sizes",
        ],
        "effects": ["occupation_gains", "rivals_by_size", "target_gains"],
        "estimation": ["binned", "share_on_wage", "two_stages"],
        "exhibit": ["Exhibit", "canvas"],
        "foundations": ["gain_by_weight", "instrument_by_hand", "small_city"],
        "history": ["forecast_errors", "forecast_scatter", "known_worlds", "ripples"],
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
        "meaning": [
            "at_given_slope",
            "correlation_by_exponent",
            "earnings_by_cell",
            "finer_groups",
            "gains_by_occupation",
            "rank_correlations",
            "staying_and_redirected",
            "wage_parts",
        ],
        "palette": ["occupation_colours"],
        "paper_figures": ["figure_1a", "figure_1b", "figure_2", "figure_3", "figure_4", "figure_5"],
        "paper_tables": ["caption", "table_1", "table_2a", "table_2b", "table_8_2_1"],
        "policy": ["competition_map", "gains_map"],
        "report": [
            *("claims", "in_units", "numbers_by_place", "numbers_explained"),
            *("number_name", "printed_and_computed", "verdicts_by_section"),
        ],
        "scales": ["at_the_median", "scale_map", "scale_ranking"],
        "robustness": ["cells_over_time", "conclusions", "coverage", "placebo"],
        "small_multiples": ["moving", "small_multiples"],
        "table": ["Shown", "as_printed", "show"],
    },
)
