"""Writes an ONNX graph node by node, its numbers in a file beside it, from which a runtime can map them into memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Where the opset's own domain is meant, ONNX writes nothing; this is ONNX Runtime's for what it adds.
RUNTIME: Final = "com.microsoft"
#: Of standard operators. LayerNormalization came with 17, Reduce… with axes as inputs with 18.
OPSET: Final = 20
_RUNTIME_OPSET: Final = 1
#: The file format that every ONNX Runtime since 1.18 reads.
_FORMAT: Final = 10
#: A page, so that what is mapped begins on one.
_ALIGNMENT: Final = 4096
#: Smaller constants (sizes, axes) stand in the graph itself, where the runtime looks for them.
_OUTSIDE_BYTES: Final = 1024

Progress = Callable[[float], None]


class Graph:
    """A graph in the making. Values go by name; every method that adds a node returns the name of what it gives."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, shape: tuple[int | str, ...]) -> str:
        """A float32 input; a dimension of any length has a name."""
        self._inputs.append(_described(name, shape))
        return name

    def output(self, value: str, name: str, shape: tuple[int | str, ...]) -> None:
        """Give ``value`` to the outside as ``name``."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(_described(name, shape))

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """A number or a tensor; one of the same name that is there already is not written again."""
        if name not in self._constants:
            self._constants[name] = np.ascontiguousarray(array).reshape(array.shape)
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output."""
        return self.split(operator, *inputs, outputs=1, domain=domain, **attributes)[0]

    def split(self, operator: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> tuple[str, ...]:
        """A node with several outputs."""
        from onnx import helper

        number = len(self._nodes)
        names = tuple(f"{operator}_{number}_{index}" for index in range(outputs))
        self._nodes.append(
            helper.make_node(operator, inputs, names, name=f"{operator}_{number}", domain=domain, **attributes)
        )
        return names

    def save(self, path: Path, numbers: Path, progress: Progress | None = None) -> None:
        """Write the graph to ``path`` and its constants to ``numbers``, in the same folder."""
        import onnx
        from onnx import helper, numpy_helper

        total = sum(array.nbytes for array in self._constants.values() if array.nbytes >= _OUTSIDE_BYTES)
        tensors, written = [], 0
        with numbers.open("wb") as out:
            for name, array in self._constants.items():
                if array.nbytes < _OUTSIDE_BYTES:
                    tensors.append(numpy_helper.from_array(array, name))
                    continue
                out.write(b"\0" * (-out.tell() % _ALIGNMENT))
                tensors.append(_outside(name, array, numbers.name, out.tell()))
                out.write(array.data)
                written += array.nbytes
                if progress is not None:
                    progress(written / total)
        graph = helper.make_graph(self._nodes, "medasr", self._inputs, self._outputs, tensors)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, _RUNTIME_OPSET)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=_FORMAT)
        path.write_bytes(model.SerializeToString(deterministic=True))
        onnx.checker.check_model(str(path))


def _described(name: str, shape: tuple[int | str, ...]) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _outside(name: str, array: NDArray[Any], file: str, offset: int) -> Any:
    from onnx import TensorProto, helper

    tensor = TensorProto(name=name, data_type=helper.np_dtype_to_tensor_dtype(array.dtype), dims=array.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", file), ("offset", offset), ("length", array.nbytes)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
