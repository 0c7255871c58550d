"""Training many seeds at once on one NVIDIA GPU: the CPU engine with a replica axis in front.

`kernels/` holds the CUDA source, `source` joins it, `device` finds the GPU, `driver` runs the
samples of all replicas, `training` their epochs, and `run` writes what
`strsbp.training.run` writes, for each seed. docs/cuda.md explains the design.
"""
