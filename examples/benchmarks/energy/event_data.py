"""Test samples of N-MNIST and spoken digits in `$SNNC_DATA`, as the models of `../events` take them."""

import os
import tempfile
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np

from snnc.base.errors import FileError
from snnc.training.data.datasets import DATA_VARIABLE, Samples
from snnc.training.data.recordings.load import load_recordings
from snnc.training.data.recordings.view import Taken, View

NMNIST, NMNIST_SIZE, FOLDS = Taken((2, 34, 34), 10), 1000, 5
SPEECH = Taken((64, 1, 1), 40, 15)
SPEECH_RATE = 8000
TEST_INDICES = 5
"""The first so many recordings of each digit and speaker are the official test split of spoken digits."""


def nmnist(samples: int) -> Samples:
    """The first recordings of fold 0, which the model was not trained on: 10 steps of 30 ms, one event in
    each pixel, polarity and step at most."""
    tested = np.sort(np.random.default_rng(0).permutation(NMNIST_SIZE)[::FOLDS])[:samples]
    source = str(_folder("n-mnist") / "train-1000.npz")
    found = load_recordings(source, limit=int(tested[-1]) + 1, view=View.parse("30ms"), taken=NMNIST)
    return replace(found, x=found.x[tested], y=found.y[tested])


def spoken(samples: int) -> Samples:
    """Recordings of the official test split, taken evenly over digits and speakers: 40 steps of 20 ms, in
    which each of 32 bands tells that it rose or fell (code `delta`)."""
    arrays = np.load(_folder("fsdd") / "fsdd.npz")
    tested = np.flatnonzero(arrays["index"] < TEST_INDICES)
    chosen = tested[np.linspace(0, len(tested) - 1, min(samples, len(tested))).astype(int)]
    with tempfile.TemporaryDirectory() as folder:
        for number in chosen:
            place = Path(folder) / "test" / str(arrays["label"][number])
            place.mkdir(parents=True, exist_ok=True)
            audio = arrays["audio"][arrays["offset"][number] : arrays["offset"][number + 1]]
            with wave.open(str(place / f"{number:04}.wav"), "wb") as stream:
                stream.setnchannels(1)
                stream.setsampwidth(2)
                stream.setframerate(SPEECH_RATE)
                stream.writeframes(audio.tobytes())
        return load_recordings(folder, view=View.parse("20ms", sound="delta"), taken=SPEECH)


def _folder(name: str) -> Path:
    """Of a data set; raises FileError where it is missing."""
    path = Path(os.environ.get(DATA_VARIABLE, "")) / name
    if not os.environ.get(DATA_VARIABLE) or not path.is_dir():
        raise FileError(f"data set {name!r} is not in ${DATA_VARIABLE}")
    return path
