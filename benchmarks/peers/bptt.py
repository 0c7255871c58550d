"""Code shared by the three libraries: Adam and BPTT with surrogate gradients.

A peer's file has a `torch.nn.Module`, `Network`, that maps dense spikes (T, batch, 784) float32 to
output spike counts (batch, 10). The loss is the cross-entropy of 0.1 times the counts, the gradient
is clipped to norm 1, and the prediction is the class with the most spikes. The factor 0.1, the norm
1, the initial weights and the surrogates were chosen in short trials on 500 digits so that each
library learns.
"""

from importlib import metadata

import numpy as np
import torch

from strsbp.encoding import TEST_SPLIT, TRAIN_SPLIT, Encoder

N_STEPS = 400
LEARNING_RATE = 1e-3
"""Adam's usual step size, the same as ours in the first epoch."""
LOGIT = 0.1
"""Contribution of one spike to its class's logit."""


class BpttPeer:
    """A peer's network and optimiser, trained on batches of `batch` digits.

    `name`, `package`: of the library; `module`: its file; `digits`: the images; `n_samples`:
    digits per timed call. The spikes come from `strsbp.encoding.Encoder` and are generated within
    the timed calls.
    """

    def __init__(self, name, package, module, digits, batch: int, n_samples: int, seed: int):
        torch.set_num_threads(1)
        # What decays over hundreds of steps may become subnormal, which slows some processors down.
        torch.set_flush_denormal(True)
        torch.manual_seed(seed)
        self.name, self.batch, self.n_samples = name, batch, n_samples
        self.version = f"{metadata.version(package)} (torch {torch.__version__})"
        self._digits = digits
        self._network = module.Network()
        self._optimiser = torch.optim.Adam(self._network.parameters(), lr=LEARNING_RATE)
        self._encoders = {
            split: Encoder(seed, split, N_STEPS) for split in (TRAIN_SPLIT, TEST_SPLIT)
        }

    def restart(self) -> None:
        """Nothing: the speed does not depend on the weights."""

    def train(self, indices: range) -> None:
        """One update per batch of the training digits `indices`; the step size is constant."""
        for start in indices[:: self.batch]:
            chunk = range(start, min(start + self.batch, indices.stop))
            labels = torch.from_numpy(self._digits.train_labels[chunk].astype(np.int64))
            counts = self._network(self._encode(self._digits.train_images, chunk, TRAIN_SPLIT))
            self._optimiser.zero_grad()
            torch.nn.functional.cross_entropy(LOGIT * counts, labels).backward()
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimiser.step()

    def predict(self, indices: range) -> None:
        """Classify the test digits `indices`, batch by batch."""
        with torch.no_grad():
            for start in indices[:: self.batch]:
                chunk = range(start, min(start + self.batch, indices.stop))
                spikes = self._encode(self._digits.test_images, chunk, TEST_SPLIT)
                self._network(spikes).argmax(dim=1)

    def _encode(self, images, indices, split: int) -> torch.Tensor:
        spikes = np.empty((N_STEPS, len(indices), images.shape[1]), dtype=np.float32)
        for k, index in enumerate(indices):
            spikes[:, k] = self._encoders[split].encode(images[index], index)
        return torch.from_numpy(spikes)
