"""The augmentation of small images as others write it: per image in PyTorch, batched in NumPy.

Pad by 4 and crop 32 × 32, flip, scale and normalise, cut an 8 × 8 hole: what
``labkit.data.prepare.images.pad_crop_flip_cutout`` does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)
PADDING, HOLE = 4, 8


def torch_per_image(images: Any) -> Any:
    """``torchvision.transforms`` on tensors: each image on its own, then stacked.

    RandomCrop(32, padding=4), RandomHorizontalFlip, ConvertImageDtype, Normalize and cutout,
    each written with the tensor operations that torchvision uses. Images are (b, c, h, w).
    """
    import torch

    mean = torch.tensor(MEAN)[:, None, None]
    std = torch.tensor(STD)[:, None, None]
    return torch.stack([_torch_image(image, mean, std) for image in images])


def _torch_image(image: Any, mean: Any, std: Any) -> Any:
    import torch

    _, height, width = image.shape
    padded = torch.nn.functional.pad(image, (PADDING,) * 4)
    top, left = (int(torch.randint(0, 2 * PADDING + 1, (1,))) for _ in range(2))
    image = padded[:, top : top + height, left : left + width]
    if torch.rand(1) < 0.5:
        image = image.flip(-1)
    image = image.to(torch.float32).div(255)
    image = image.clone().sub_(mean).div_(std)
    row, column = int(torch.randint(0, height, (1,))), int(torch.randint(0, width, (1,)))
    rows = slice(max(0, row - HOLE // 2), row + HOLE // 2)
    columns = slice(max(0, column - HOLE // 2), column + HOLE // 2)
    image[:, rows, columns] = 0
    return image


def torch_batched(images: Any) -> Any:
    """The same for a whole batch at once, as a careful PyTorch user would write it by hand."""
    import torch

    batch, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (PADDING,) * 4)
    top, left = torch.randint(0, 2 * PADDING + 1, (2, batch))
    flip = torch.rand(batch) < 0.5
    steps = torch.arange(width)
    columns = left[:, None] + torch.where(flip[:, None], width - 1 - steps, steps)
    rows = top[:, None] + torch.arange(height)
    cut = padded[torch.arange(batch)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    image = cut.permute(0, 3, 1, 2).to(torch.float32).div_(255)
    image.sub_(torch.tensor(MEAN)[:, None, None]).div_(torch.tensor(STD)[:, None, None])
    centre = torch.randint(0, height, (2, batch, 1))
    near = [
        (torch.arange(height) >= middle - HOLE // 2) & (torch.arange(height) < middle + HOLE // 2)
        for middle in centre
    ]
    return image.masked_fill_((near[0][:, :, None] & near[1][:, None, :])[:, None], 0)


def numpy_batched(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The same in NumPy, batched. Images are (b, h, w, c)."""
    batch, height, width, _ = images.shape
    edges = (PADDING, PADDING)
    padded = np.pad(images, ((0, 0), edges, edges, (0, 0)))
    top, left = generator.integers(0, 2 * PADDING + 1, (2, batch))
    steps = np.arange(width)
    flip = generator.random((batch, 1)) < 0.5
    columns = left[:, None] + np.where(flip, width - 1 - steps, steps)
    rows = top[:, None] + np.arange(height)
    cut = padded[np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]]
    image = cut.astype(np.float32) / np.float32(255)
    image = (image - np.float32(MEAN)) / np.float32(STD)
    centre = generator.integers(0, height, (2, batch, 1))
    near = [
        (np.arange(height) >= m - HOLE // 2) & (np.arange(height) < m + HOLE // 2) for m in centre
    ]
    image[near[0][:, :, None] & near[1][:, None, :]] = 0
    return image
