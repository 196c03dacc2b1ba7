"""The page of a build: every result that its folder holds, in one HTML file that needs nothing else."""
