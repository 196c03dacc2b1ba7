"""What the passes and reports compute about a network or a program without changing it."""
