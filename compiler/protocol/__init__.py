"""What host and mesh say to each other: inputs as events, streams of flits."""
