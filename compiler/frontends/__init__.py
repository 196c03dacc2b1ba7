"""Networks that others trained: the float graph they all become, its readers, and the way to integers."""
