"""Each architecture written out as a formula over the plain parameters, in any array library.

``ops`` is one of the two backends below: NumPy in float64 (by the slow reference kernels), or
PyTorch, whose autograd gives the gradients that ours are held against.
"""

from __future__ import annotations

import math

import numpy as np

from labkit.kernels import reference


class NumpyOps:
    """The reference kernels, and NumPy."""

    @staticmethod
    def conv(x, kernel, bias=None, stride=1, pad=0, groups=1):
        pads = ((pad, pad), (pad, pad))
        return reference.conv2d(
            x, kernel, bias, stride=(stride, stride), padding=pads, groups=groups
        )

    batch_norm = staticmethod(reference.batch_norm)
    layer_norm = staticmethod(reference.layer_norm)
    take = staticmethod(reference.embedding)
    lstm = staticmethod(reference.lstm)
    gru = staticmethod(reference.gru)

    @staticmethod
    def attention(q, k, v, causal):
        return reference.attention(q, k, v, causal=causal)

    @staticmethod
    def max_pool(x):
        return reference.max_pool2d(x, (2, 2), stride=(2, 2))

    @staticmethod
    def relu(x):
        return np.maximum(x, 0)

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @staticmethod
    def doubled(x):
        return x.repeat(2, 1).repeat(2, 2)

    @staticmethod
    def gelu(x):
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    @staticmethod
    def largest(x):
        return x.max((1, 2))

    @staticmethod
    def backwards(x):
        return x[:, ::-1]

    @staticmethod
    def side_by_side(a, b):
        return np.concatenate([a, b], -1)

    @staticmethod
    def padded(x, before, after):
        return np.pad(x, ((0, 0), (before, after), (0, 0)))


class TorchOps:
    """PyTorch, in the layouts of labkit."""

    def __init__(self) -> None:
        import torch

        self.torch, self.F = torch, torch.nn.functional

    def conv(self, x, kernel, bias=None, stride=1, pad=0, groups=1):
        x, kernel = x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1)
        y = self.F.conv2d(x, kernel, bias, stride=stride, padding=pad, groups=groups)
        return y.permute(0, 2, 3, 1)

    def batch_norm(self, x, scale, offset):
        y = self.F.batch_norm(x.permute(0, 3, 1, 2), None, None, scale, offset, training=True)
        return y.permute(0, 2, 3, 1)

    def layer_norm(self, x, scale, offset):
        return self.F.layer_norm(x, x.shape[-1:], scale, offset, eps=1e-6)

    def take(self, table, tokens):
        return self.F.embedding(self.torch.as_tensor(np.array(tokens)).long(), table)

    def lstm(self, x, kernel, recurrent, bias):
        return self._recurrent("LSTM", x, kernel, recurrent, bias, self.torch.zeros_like(bias))

    def gru(self, x, kernel, recurrent, bias, candidate_bias):
        zeros = candidate_bias.new_zeros(2 * len(candidate_bias))
        inner = self.torch.cat([zeros, candidate_bias])
        return self._recurrent("GRU", x, kernel, recurrent, bias, inner)

    def _recurrent(self, name, x, kernel, recurrent, bias, inner_bias):
        layer = getattr(self.torch.nn, name)(x.shape[-1], recurrent.shape[0], batch_first=True)
        weights = {
            "weight_ih_l0": kernel.T,
            "weight_hh_l0": recurrent.T,
            "bias_ih_l0": bias,
            "bias_hh_l0": inner_bias,
        }
        return self.torch.func.functional_call(layer, weights, (x,))[0]

    def attention(self, q, k, v, causal):
        q, k, v = (part.transpose(1, 2) for part in (q, k, v))
        y = self.F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return y.transpose(1, 2)

    def max_pool(self, x):
        return self.F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)

    def relu(self, x):
        return self.F.relu(x)

    def sigmoid(self, x):
        return self.torch.sigmoid(x)

    def doubled(self, x):
        y = self.F.interpolate(x.permute(0, 3, 1, 2), scale_factor=2, mode="nearest")
        return y.permute(0, 2, 3, 1)

    def gelu(self, x):
        return self.F.gelu(x, approximate="tanh")

    def largest(self, x):
        return x.amax((1, 2))

    def backwards(self, x):
        return x.flip(1)

    def side_by_side(self, a, b):
        return self.torch.cat([a, b], -1)

    def padded(self, x, before, after):
        return self.F.pad(x, (0, 0, before, after))


def _dense(p, x):
    y = x @ p["kernel"]
    return y + p["bias"] if "bias" in p else y


def _norm(ops, p, x):
    return ops.batch_norm(x, p["scale"], p["offset"])


def mlp(ops, p, x, config):
    x = x.reshape(len(x), -1)
    for layer in p["hidden"].values():
        x = ops.relu(_dense(layer, x))
    return _dense(p["head"], x)


def cnn(ops, p, x, config):
    pad = 1 if config.padding == "SAME" else 0
    for conv, stage in zip(p["convs"].values(), config.stages, strict=True):
        x = ops.relu(ops.conv(x, conv["kernel"], conv["bias"], pad=pad))
        x = ops.max_pool(x) if stage.pool else x
    return _dense(p["head"], ops.relu(_dense(p["hidden"], x.reshape(len(x), -1))))


def resnet(ops, p, x, config):
    def conv3x3(q, x, stride=1):
        if "depthwise" not in q:
            return ops.conv(x, q["kernel"], stride=stride, pad=1)
        channels = x.shape[-1]
        x = ops.conv(x, q["depthwise"]["kernel"], stride=stride, pad=1, groups=channels)
        return ops.conv(x, q["pointwise"]["kernel"])

    x = ops.relu(_norm(ops, p["stem_norm"], conv3x3(p["stem"], x)))
    for number, q in p["blocks"].items():
        stride = 2 if number and number % config.blocks == 0 else 1
        y = ops.relu(_norm(ops, q["first_norm"], conv3x3(q["first"], x, stride)))
        y = _norm(ops, q["second_norm"], conv3x3(q["second"], y))
        if "shortcut" in q:
            x = _norm(ops, q["shortcut_norm"], ops.conv(x, q["shortcut"]["kernel"], stride=stride))
        x = ops.relu(x + y)
    return _dense(p["head"], x.mean((1, 2)))


def resnet9(ops, p, x, config):
    def part(q, x):
        return ops.relu(_norm(ops, q["norm"], ops.conv(x, q["conv"]["kernel"], pad=1)))

    first, second = p["residuals"][0], p["residuals"][1]
    x = ops.max_pool(part(p["stages"][0], part(p["stem"], x)))
    x = x + part(first[1], part(first[0], x))
    x = ops.max_pool(part(p["stages"][2], ops.max_pool(part(p["stages"][1], x))))
    x = x + part(second[1], part(second[0], x))
    return ops.largest(x) @ p["head"]["kernel"] * config.logit_scale


def recurrent(ops, p, tokens, config):
    def layer(q, x):
        if "forwards" in q:
            behind = ops.backwards(layer(q["backwards"], ops.backwards(x)))
            return ops.side_by_side(layer(q["forwards"], x), behind)
        run = ops.gru if "candidate_bias" in q else ops.lstm
        names = ("input_kernel", "recurrent_kernel", "bias", "candidate_bias")
        return run(x, *(q[name] for name in names if name in q))

    x = ops.take(p["embedding"]["table"], tokens)
    for q in p["stack"].values():
        x = layer(q, x)
    return _dense(p["head"], x)


def _block(ops, q, x, heads, causal):
    def norm(name, x):
        return ops.layer_norm(x, q[name]["scale"], q[name]["offset"])

    joined = _dense(q["query_key_value"], norm("attention_norm", x))
    split = joined.reshape(*x.shape[:2], 3, heads, -1)
    seen = ops.attention(split[:, :, 0], split[:, :, 1], split[:, :, 2], causal)
    x = x + _dense(q["projection"], seen.reshape(x.shape))
    return x + _dense(q["down"], ops.gelu(_dense(q["up"], norm("dense_norm", x))))


def signal_cnn(ops, p, x, config):
    length = x.shape[1]
    for number, conv in p["convs"].items():
        kernel = conv["kernel"][0]
        size = len(kernel)
        wide = ops.padded(x, (size - 1) // 2, size // 2)
        x = sum(wide[:, at : at + length] @ kernel[at] for at in range(size))
        x = ops.relu(_norm(ops, p["norms"][number], x[:, None]))[:, 0]
    return _dense(p["head"], x.mean(1))


def signal_lstm(ops, p, x, config):
    def run(q, x):
        return ops.lstm(x, q["input_kernel"], q["recurrent_kernel"], q["bias"])

    behind = ops.backwards(run(p["layer"]["backwards"], ops.backwards(x)))
    return _dense(p["head"], ops.side_by_side(run(p["layer"]["forwards"], x), behind).mean(1))


def transformer(ops, p, tokens, config):
    places = np.arange(tokens.shape[1])
    x = ops.take(p["tokens"]["table"], tokens) + ops.take(p["positions"]["table"], places)
    for q in p["blocks"].values():
        x = _block(ops, q, x, config.heads, config.causal)
    return _dense(p["head"], ops.layer_norm(x, p["norm"]["scale"], p["norm"]["offset"]))


def vit(ops, p, x, config):
    size, (rows, columns, _) = config.patch, config.image_shape
    tiles = [
        x[:, r : r + size, c : c + size].reshape(len(x), 1, -1)
        for r in range(0, rows, size)
        for c in range(0, columns, size)
    ]
    y = _dense(p["embedding"], tiles[0])
    for tile in tiles[1:]:
        y = ops.side_by_side(y, _dense(p["embedding"], tile))
    y = y.reshape(len(x), len(tiles), -1) + p["positions"]
    for q in p["blocks"].values():
        y = _block(ops, q, y, config.heads, False)
    y = ops.layer_norm(y, p["norm"]["scale"], p["norm"]["offset"])
    return _dense(p["head"], y.mean(1))


def generator(ops, p, noise, config):
    rows, columns, _ = config.image_shape
    x = _dense(p["start"], noise).reshape(len(noise), rows // 4, columns // 4, -1)
    x = ops.relu(_norm(ops, p["norms"][0], x))
    for number, conv in p["convs"].items():
        x = ops.conv(ops.doubled(x), conv["kernel"], pad=1)
        x = ops.relu(_norm(ops, p["norms"][number + 1], x))
    return ops.sigmoid(ops.conv(x, p["last"]["kernel"], p["last"]["bias"], pad=1))


def discriminator(ops, p, x, config):
    def leaky(x):
        return ops.relu(x) - config.slope * ops.relu(-x)

    x = leaky(ops.conv(x, p["first"]["kernel"], p["first"]["bias"], stride=2, pad=1))
    x = leaky(_norm(ops, p["norm"], ops.conv(x, p["second"]["kernel"], stride=2, pad=1)))
    return _dense(p["head"], x.reshape(len(x), -1))[:, 0]


def vae(ops, p, x, config, noise, exp):
    inside = ops.relu(_dense(p["encoder"], x.reshape(len(x), -1)))
    mean, log_variance = _dense(p["mean"], inside), _dense(p["log_variance"], inside)
    latent = mean + exp(log_variance / 2) * noise
    logits = _dense(p["pixels"], ops.relu(_dense(p["decoder"], latent)))
    return logits.reshape(x.shape), mean, log_variance
