"""The correlation, by two-stage least squares with effects (sections 3.1 and 4.2)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "any_effects": ["Net", "net_of_effects", "residuals"],
        "cells": ["CLUSTERS", "refuse_if_effects_explain_all", "sample", "singletons"],
        "least_squares": ["Fit", "fit", "residualise"],
        "two_stage": ["RhoEstimate", "estimate", "rho_of", "second_stage_by_hand"],
    },
)
