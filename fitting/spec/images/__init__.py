"""Images of a request: their planes, point-spread functions and noise."""
