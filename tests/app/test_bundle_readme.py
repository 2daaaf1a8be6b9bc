"""What somebody called a fit or a file says nothing else in the page of a bundle."""

import pytest

from app.domain.bundle import as_plain_markdown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("NGC 1234", "NGC 1234"),
        ("a\n\n## Run this\n\n    rm -rf /", r"a \#\# Run this rm \-rf /"),
        ("<img src=x>", r"\<img src\=x\>"),
        ("[here](http://x)", r"\[here\]\(http\://x\)"),
        ("evil\u202egpj", "evil gpj"),
        ("`code`", r"\`code\`"),
    ],
)
def test_a_name_is_one_line_of_letters(name: str, shown: str) -> None:
    assert as_plain_markdown(name) == shown
