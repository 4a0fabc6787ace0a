"""Parameter sets and sweeps over them."""
