"""Images of a request: their planes, point-spread functions and noise.

Start at `image_spec.ImageSpec`; planes are named by `references.PlaneReference`.
"""
