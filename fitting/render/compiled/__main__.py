"""`python -m fitting.render.compiled` compiles the loops, so that no fit has to wait for that."""

import os

from fitting.render.compiled.loading import compile_loops

if __name__ == "__main__":
    os.nice(5)
    compile_loops()
