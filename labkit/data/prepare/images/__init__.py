"""Images on the device: jitted functions over a batch ``(b, h, w, c)``, randomness by ``key``."""

from labkit.data.prepare.images.augment import Augmentation, augmentation, pad_crop_flip_cutout
from labkit.data.prepare.images.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    channel_statistics,
    colour_jitter,
    grayscale,
    normalise,
)
from labkit.data.prepare.images.erase import box_mask, cutout, random_erasing
from labkit.data.prepare.images.geometry import center_crop, pad, random_crop, random_flip
from labkit.data.prepare.images.mix import cutmix, mixup
from labkit.data.prepare.images.resize import (
    BICUBIC,
    BILINEAR,
    BOX,
    LANCZOS3,
    ResizeFilter,
    resize,
    resize_weights,
)

__all__ = [
    "BICUBIC",
    "BILINEAR",
    "BOX",
    "LANCZOS3",
    "Augmentation",
    "ResizeFilter",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "augmentation",
    "box_mask",
    "center_crop",
    "channel_statistics",
    "colour_jitter",
    "cutmix",
    "cutout",
    "grayscale",
    "mixup",
    "normalise",
    "pad",
    "pad_crop_flip_cutout",
    "random_crop",
    "random_erasing",
    "random_flip",
    "resize",
    "resize_weights",
]
