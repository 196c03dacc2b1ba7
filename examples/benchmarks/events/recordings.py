"""N-MNIST and spoken digits as spike trains, by the readers that `--data` has."""

import wave
from pathlib import Path

import numpy as np

from snnc.training.data.datasets import Samples
from snnc.training.data.recordings.load import load_recordings
from snnc.training.data.recordings.view import Taken, View

NMNIST = Taken((2, 34, 34), 10)
STEPS_OF_SPEECH = 40
"""Of 20 ms: of 3,000 recordings 30 are longer."""
SPEECH = {
    "delta": Taken((64, 1, 1), STEPS_OF_SPEECH, 15),
    "spectrogram": Taken((40, 1, 1), STEPS_OF_SPEECH, 15),
}
TEST_INDICES = 5
"""The first so many recordings of each digit and speaker are the official test split."""


def nmnist(data: Path) -> Samples:
    """The first 1,000 training recordings of N-MNIST, `n-mnist/train-1000.npz`: 10 steps of 30 ms, one event
    in each pixel, polarity and step."""
    return load_recordings(str(data / "n-mnist" / "train-1000.npz"), view=View.parse("30ms"), taken=NMNIST)


def spoken(data: Path, folder: Path, split: str, code: str) -> Samples:
    """A split of the Free Spoken Digit Dataset in the code `delta` or `spectrogram`; `folder` keeps the .wav
    files, which `snnc simulate --data` takes too."""
    if not folder.is_dir():
        _write_waves(data / "fsdd" / "fsdd.npz", folder)
    view = View.parse("20ms", sound=code)
    return load_recordings(str(folder), split, view=view, taken=SPEECH[code])


def speakers(folder: Path, split: str) -> list[str]:
    """Who speaks in the recordings of `spoken`, in its order, which takes one of each class in turn."""
    classes = [sorted(path.glob("*.wav")) for path in sorted((folder / split).iterdir())]
    return [files[turn].stem.split("_")[1] for turn in range(len(classes[0])) for files in classes]


def _write_waves(source: Path, folder: Path) -> None:
    """The arrays of `fsdd.npz` as SPLIT/DIGIT/DIGIT_SPEAKER_INDEX.wav, as the data set has them."""
    arrays = dict(np.load(source))
    ends = arrays["offset"]
    for number, (label, speaker, index) in enumerate(
        zip(arrays["label"], arrays["speaker"], arrays["index"], strict=True)
    ):
        place = folder / ("test" if index < TEST_INDICES else "train") / str(label)
        place.mkdir(parents=True, exist_ok=True)
        name = f"{label}_{arrays['speakers'][speaker]}_{index:02}.wav"
        with wave.open(str(place / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(arrays["audio"][ends[number] : ends[number + 1]].astype("<i2").tobytes())
