"""The mathematics of ST-RSBP in plain float64 NumPy: slow, but easy to read.

There is one module per part of ``docs/algorithm.md``; faster implementations are tested against
it. All random draws use a ``numpy.random.Generator`` passed as an argument.
"""
