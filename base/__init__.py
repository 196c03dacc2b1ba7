"""What every other folder may use: errors, files, units, the version; imports nothing of the project."""
