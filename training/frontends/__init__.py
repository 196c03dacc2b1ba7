"""Networks of torch modules, of one's own or of other frameworks, as float graphs."""
