"""Training many seeds at once on one NVIDIA GPU: the CPU engine with a leading replica axis.

`kernels/` contains the CUDA source, `source` joins it, `device` finds the GPU, `driver` runs the
samples of all replicas, `training` their epochs, and `run` writes the same files as
`strsbp.training.run` for each seed. docs/maintainers.md explains the design.
"""
