"""The header of a safetensors file: what the library wrote is read, whatever is not whole is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from pipelines.weights.headers import DamagedWeights, Tensor, read_header


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_file(
        {"a": np.zeros((3, 5), np.float32), "b": np.arange(7), "empty": np.zeros((0, 2), np.float16)},
        path,
        metadata={"format": "pt"},
    )
    return path


def test_what_the_library_wrote_is_read(weights: Path) -> None:
    tensors = read_header(weights)
    assert tensors == {"a": Tensor("F32", (3, 5)), "b": Tensor("I64", (7,)), "empty": Tensor("F16", (0, 2))}
    facts = {name: (t.count, t.size, t.is_float) for name, t in tensors.items()}
    assert facts == {"a": (15, 60, True), "b": (7, 56, False), "empty": (0, 0, True)}


def test_a_file_cut_anywhere_is_refused(weights: Path) -> None:
    whole = weights.read_bytes()
    for length in range(len(whole)):
        weights.write_bytes(whole[:length])
        with pytest.raises(DamagedWeights):
            read_header(weights)


def test_a_file_with_more_at_its_end_is_refused(weights: Path) -> None:
    with weights.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DamagedWeights, match="1 bytes too long"):
        read_header(weights)


def test_a_git_lfs_pointer_is_named_as_one(weights: Path) -> None:
    weights.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 421000000\n")
    with pytest.raises(DamagedWeights, match="git-lfs pointer"):
        read_header(weights)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0]},
        {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]},
        {"dtype": "Q4", "shape": [1], "data_offsets": [0, 4]},
        {"shape": [1]},
        "F32",
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tmp_path: Path, entry: object) -> None:
    header = json.dumps({"a": entry}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(DamagedWeights):
        read_header(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "__metadata__", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)
_HEADERS = st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode())


@given(header=_HEADERS, length=st.none() | st.integers(0, 2**64 - 1), data=st.binary(max_size=16))
def test_nothing_but_the_typed_error_comes_of_any_bytes(
    tmp_path_factory: pytest.TempPathFactory, header: bytes, length: int | None, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes((len(header) if length is None else length).to_bytes(8, "little") + header + data)
    try:
        tensors = read_header(path)
    except DamagedWeights:
        return
    assert sum(tensor.size for tensor in tensors.values()) >= len(data)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.safetensors"
    path.write_bytes(data)
    with pytest.raises(DamagedWeights):
        read_header(path)
