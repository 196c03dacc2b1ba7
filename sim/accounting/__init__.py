"""What a run cost: counts, traces, energies."""
