"""What a refusal must be: an error of the package, in one sentence."""

import pytest

from strsbp.errors import StrsbpError


def refusal(call, error=StrsbpError) -> str:
    """The sentence with which `call()` refuses: one line that ends with a full stop."""
    with pytest.raises(error) as refused:
        call()
    return one_sentence(refused.value)


def one_sentence(error: StrsbpError) -> str:
    """The message, checked to be one printable line that ends with a full stop."""
    text = str(error)
    assert text.endswith(".") and "\n" not in text and text.isprintable(), ascii(text)
    return text
