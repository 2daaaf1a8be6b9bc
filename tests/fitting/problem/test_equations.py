"""Normal equations that are made only when they are asked for."""

import pytest
import torch

from fitting.problem import NormalEquations
from fitting.problem.equations import LazyEquations
from fitting.problem.image_model import gram

CHI2, GRADIENT, MATRIX = torch.tensor([3.0]), torch.tensor([[1.0, 2.0]]), torch.eye(2)[None]


def test_chi_squared_alone_makes_no_equations() -> None:
    def forbidden() -> NormalEquations:
        raise AssertionError("made")

    equations = LazyEquations(lambda: CHI2, forbidden)
    assert float(equations.chi2) == 3.0
    with pytest.raises(AssertionError, match="made"):
        equations.matrix  # noqa: B018


def test_equations_once_made_serve_chi_squared() -> None:
    made = []

    def make() -> NormalEquations:
        made.append(1)
        return NormalEquations(CHI2, GRADIENT, MATRIX)

    def forbidden() -> torch.Tensor:
        raise AssertionError("evaluated once more")

    equations = LazyEquations(forbidden, make)
    assert equations.gradient is GRADIENT
    assert equations.matrix is MATRIX
    assert equations.chi2 is CHI2
    assert made == [1]


@pytest.mark.parametrize("shape", [(1, 7, 100), (3, 2, 50), (1, 0, 9)])
def test_gram_is_the_product_with_the_transpose(shape: tuple[int, int, int]) -> None:
    columns = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(gram(columns), torch.einsum("bip,bjp->bij", columns, columns))
