"""The spike-train level post-synaptic potential: simulations, expectations, fits and tables."""
