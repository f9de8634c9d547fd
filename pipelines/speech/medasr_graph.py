"""MedASR's network as an ONNX graph, written layer by layer from a checkpoint's tensors.

The same arithmetic as transformers' LasrForCTC for one window without padding, arranged for ONNX Runtime on a CPU (each
point measured against what torch.onnx.export makes of the same network, by either of its ways):

* The convolutions of width one are matrix products, so nothing is transposed about them and int8 reaches them too.
* The depthwise convolution has two dimensions, the first of length one: then the runtime has a kernel made for it.
* Its batch normalisation, and the weights of the residual connections where they can, are multiplied into the weights.
* Query, key and value come from one product; rotary positions and attention are the runtime's own fused operators.
* There is no mask, no batch and nothing random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.onnx_graph import RUNTIME, Graph

Tensors = Mapping[str, NDArray[np.float32]]
Linear = Callable[[Graph, str, str, NDArray[np.float32]], str]
"""Adds the product of a value, [1, rows, n], with a weight, [n, m], of a name."""

FEATURES: Final = "features"
LOGITS: Final = "logits"

#: torch.nn.BatchNorm1d's own; no configuration changes it.
_BATCH_NORM_EPSILON: Final = 1e-5
#: What other checkpoints of the class may ask for, and what is written here.
_KNOWN: Final[Mapping[str, Any]] = {"hidden_act": "silu", "attention_bias": False, "convolution_bias": False}
#: A count of training steps, which inference never reads.
_UNUSED: Final = ".num_batches_tracked"


class UnknownNetwork(Exception):
    """The checkpoint asks for what is not written here. Its text says what, without a name before it."""


def write_network(architecture: Mapping[str, Any], tensors: Tensors, linear: Linear) -> Graph:
    """The whole network, from ``features``, [1, frames, bands], to ``logits``, [1, rows, ids].

    Args:
        architecture: transformers' configuration with all its defaults.
        tensors: every tensor of the network, by transformers' names.
        linear: how products with large weights are done.

    Raises:
        UnknownNetwork: this is not MedASR's architecture in every part.
    """
    network = _Network(architecture, tensors, linear)
    graph = network.write(int(architecture["vocab_size"]))
    left = sorted(name for name in tensors.keys() - network.used if not name.endswith(_UNUSED))
    if left:
        raise UnknownNetwork(f"has {len(left)} tensors that are not known here, {left[0]} first")
    return graph


class _Network:
    def __init__(self, architecture: Mapping[str, Any], tensors: Tensors, linear: Linear) -> None:
        self._encoder: Mapping[str, Any] = architecture["encoder_config"]
        rope = self._encoder["rope_parameters"]
        for key, value in _KNOWN.items():
            if self._encoder[key] != value:
                raise UnknownNetwork(f"has {key} {self._encoder[key]!r}, which is not known here")
        if self._encoder["num_key_value_heads"] != self._encoder["num_attention_heads"]:
            raise UnknownNetwork("has heads that share keys, which are not known here")
        if rope["rope_type"] != "default":
            raise UnknownNetwork(f"has positions of the type {rope['rope_type']}, which is not known here")
        self._tensors = tensors
        self._linear = linear
        self._graph = Graph()
        self._width = int(self._encoder["hidden_size"])
        self._heads = int(self._encoder["num_attention_heads"])
        self._angle = float(rope["rope_theta"])
        self.used: set[str] = set()

    def write(self, ids: int) -> Graph:
        graph = self._graph
        features = graph.input(FEATURES, (1, "frames", int(self._encoder["num_mel_bins"])))
        value = self._subsampled(features)
        turns = self._turns(value)
        for layer in range(int(self._encoder["num_hidden_layers"])):
            value = self._block(value, f"encoder.layers.{layer}.", turns)
        value = self._normed(value, "encoder.out_norm")
        value = self._biased(value, "ctc_head", self._tensor("ctc_head.weight")[:, :, 0])
        graph.output(value, LOGITS, (1, "rows", ids))
        return graph

    def _subsampled(self, features: str) -> str:
        """A quarter as many rows, each from 13 frames."""
        graph, place = self._graph, "encoder.subsampler."
        value = self._biased(features, f"{place}dense_0", self._tensor(f"{place}dense_0.weight"))
        value = self._as_image(graph.add("Relu", value))
        stride = int(self._encoder["subsampling_conv_stride"])
        for name in ("conv_0", "conv_1"):
            weight = self._tensor(f"{place}{name}.weight")[:, :, None, :]
            value = graph.add(
                "Conv",
                value,
                graph.constant(f"{place}{name}", weight),
                graph.constant(f"{place}{name}.bias", self._tensor(f"{place}{name}.bias")),
                kernel_shape=weight.shape[2:],
                strides=[1, stride],
            )
            value = graph.add("Relu", value)
        return self._biased(self._as_rows(value), f"{place}dense_1", self._tensor(f"{place}dense_1.weight"))

    def _turns(self, value: str) -> tuple[str, str]:
        """Cosine and sine of every row's rotary angles, [rows, half a head's width] each."""
        graph, width = self._graph, self._width // self._heads
        steps = np.arange(0, width, 2, dtype=np.float32) / np.float32(width)
        frequencies = 1 / np.float32(self._angle) ** steps
        rows = graph.add("Squeeze", graph.add("Shape", value, start=1, end=2))
        zero, one = graph.constant("zero", np.array(0, np.int64)), graph.constant("one", np.array(1, np.int64))
        numbers = graph.add("Cast", graph.add("Range", zero, rows, one), to=1)
        column = graph.add("Unsqueeze", numbers, graph.constant("axis_1", np.array([1], np.int64)))
        angles = graph.add("Mul", column, graph.constant("frequencies", frequencies[None]))
        return graph.add("Cos", angles), graph.add("Sin", angles)

    def _block(self, value: str, place: str, turns: tuple[str, str]) -> str:
        value = self._fed_forward(value, f"{place}feed_forward1.", f"{place}norm_feed_forward1")
        value = self._graph.add("Add", value, self._attended(value, place, turns))
        value = self._convolved(value, place)
        value = self._fed_forward(value, f"{place}feed_forward2.", f"{place}norm_feed_forward2")
        return self._normed(value, f"{place}norm_out")

    def _fed_forward(self, value: str, place: str, norm: str) -> str:
        kept, added = self._encoder["feed_forward_residual_weights"]
        inner = self._product(self._normed(value, norm), f"{place}linear1", self._tensor(f"{place}linear1.weight"))
        weight = self._tensor(f"{place}linear2.weight") * np.float32(added)
        return self._joined(value, kept, self._product(self._silu(inner), f"{place}linear2", weight))

    def _attended(self, value: str, place: str, turns: tuple[str, str]) -> str:
        graph, width, heads = self._graph, self._width, self._heads
        here = f"{place}self_attn."
        weight = np.concatenate([self._tensor(f"{here}{part}_proj.weight") for part in "qkv"])
        both = self._product(self._normed(value, f"{place}norm_self_att"), f"{here}qkv", weight)
        sizes = graph.constant("turned_and_not", np.array([2 * width, width], np.int64))
        turning, values = graph.split("Split", both, sizes, outputs=2, axis=-1)
        first = graph.constant("first_row", np.array([0], np.int64))
        # Turned together: each head turns as if there were no other.
        turned = graph.add("RotaryEmbedding", turning, first, *turns, domain=RUNTIME, num_heads=2 * heads)
        queries, keys = self._halves(turned)
        found = graph.add(
            "MultiHeadAttention",
            queries,
            keys,
            values,
            domain=RUNTIME,
            num_heads=heads,
            scale=(width // heads) ** -0.5,
        )
        return self._product(found, f"{here}o_proj", self._tensor(f"{here}o_proj.weight"))

    def _convolved(self, value: str, place: str) -> str:
        graph, here = self._graph, f"{place}conv."
        kept, added = self._encoder["conv_residual_weights"]
        weight = self._tensor(f"{here}pointwise_conv1.weight")[:, :, 0]
        both = self._product(self._normed(value, f"{place}norm_conv"), f"{here}pointwise_conv1", weight)
        passing, gate = self._halves(both)
        gated = graph.add("Mul", passing, graph.add("Sigmoid", gate))
        kernel, bias = self._depthwise(here)
        before = (kernel.shape[-1] - 1) // 2
        smoothed = graph.add(
            "Conv",
            self._as_image(gated),
            graph.constant(f"{here}depthwise_conv", kernel),
            graph.constant(f"{here}depthwise_conv.bias", bias),
            group=self._width,
            kernel_shape=kernel.shape[2:],
            pads=[0, before, 0, kernel.shape[-1] - 1 - before],
        )
        weight = self._tensor(f"{here}pointwise_conv2.weight")[:, :, 0] * np.float32(added)
        return self._joined(
            value, kept, self._product(self._silu(self._as_rows(smoothed)), f"{here}pointwise_conv2", weight)
        )

    def _depthwise(self, here: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Kernel, [width, 1, 1, length], and bias, [width], with the batch normalisation that follows in them."""
        scale, shift, mean, variance = (
            self._tensor(f"{here}norm.{name}").astype(np.float64)
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        scale /= np.sqrt(variance + _BATCH_NORM_EPSILON)
        kernel = self._tensor(f"{here}depthwise_conv.weight").astype(np.float64) * scale[:, None, None]
        return kernel[:, :, None, :].astype(np.float32), (shift - mean * scale).astype(np.float32)

    def _normed(self, value: str, name: str) -> str:
        weight = self._graph.constant(name, self._tensor(f"{name}.weight"))
        epsilon = float(self._encoder["layer_norm_eps"])
        return self._graph.add("LayerNormalization", value, weight, axis=-1, epsilon=epsilon)

    def _product(self, value: str, name: str, weight: NDArray[np.float32]) -> str:
        """With a weight as transformers keeps it, [to, from]."""
        return self._linear(self._graph, value, name, weight.T)

    def _biased(self, value: str, name: str, weight: NDArray[np.float32]) -> str:
        """With a bias: the first and last products, which are small, and exact also in int8."""
        graph = self._graph
        bias = graph.constant(f"{name}.bias", self._tensor(f"{name}.bias"))
        return graph.add("Add", graph.add("MatMul", value, graph.constant(name, weight.T)), bias)

    def _joined(self, value: str, kept: float, added: str) -> str:
        """``kept`` times what was before, and what a layer adds."""
        if kept != 1:
            value = self._graph.add("Mul", value, self._graph.constant(f"times_{kept}", np.array(kept, np.float32)))
        return self._graph.add("Add", value, added)

    def _silu(self, value: str) -> str:
        return self._graph.add("QuickGelu", value, domain=RUNTIME, alpha=1.0)

    def _halves(self, value: str) -> tuple[str, str]:
        sizes = self._graph.constant("halves", np.array([self._width, self._width], np.int64))
        first, second = self._graph.split("Split", value, sizes, outputs=2, axis=-1)
        return first, second

    def _as_image(self, rows: str) -> str:
        """[1, rows, width] as [1, width, 1, rows]."""
        channels = self._graph.add("Transpose", rows, perm=[0, 2, 1])
        return self._graph.add("Unsqueeze", channels, self._graph.constant("axis_2", np.array([2], np.int64)))

    def _as_rows(self, image: str) -> str:
        channels = self._graph.add("Squeeze", image, self._graph.constant("axis_2", np.array([2], np.int64)))
        return self._graph.add("Transpose", channels, perm=[0, 2, 1])

    def _tensor(self, name: str) -> NDArray[np.float32]:
        self.used.add(name)
        try:
            return self._tensors[name]
        except KeyError:
            raise UnknownNetwork(f"has no tensor {name}") from None
