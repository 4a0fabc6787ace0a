"""From executed notebooks to the published book."""
