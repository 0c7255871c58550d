"""A check that an error is one of the package, in one sentence."""

import pytest

from strsbp.errors import StrsbpError


def refusal(call, error=StrsbpError) -> str:
    """The message of the `error` that `call()` raises, checked by `one_sentence`."""
    with pytest.raises(error) as refused:
        call()
    return one_sentence(refused.value)


def one_sentence(error: StrsbpError) -> str:
    """The message of `error`, checked to be one printable line that ends with a full stop."""
    text = str(error)
    assert text.endswith(".") and "\n" not in text and text.isprintable(), ascii(text)
    return text
