"""The host's side of a board: frames, link, port, driver, and a board in software."""
