"""Neurons of one core of the stepped model: SWEEP and INIT of section 4.4, and `docs/arithmetic.md`."""

from snnc.compiler.ir.program import Core
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.compiler.targets import Target


class Neurons:
    """The memories of a core that hold neurons, and what SWEEP and INIT do to them."""

    def __init__(self, core: Core, target: Target) -> None:
        self.core, self.bits = core, target.state_bits
        self.lane_count, self.lanes = target.lanes, range(target.lanes)
        self.words = core.tile.words(self.lane_count)
        self.pixel_words = core.tile.pixel_words(self.lane_count)
        self.cuba = core.current_leak is not None
        self.state: list[list[int]] = []
        self.membrane: list[list[int]] = []
        self.initialise()
        self.bitmaps: list[list[list[bool]]] = [[] for _ in range(target.delay_slots)]
        self.accumulated: list[list[int]] = []

    def _channel(self, word: int, lane: int) -> int | None:
        """Channel of the tile in a lane of a word; None for padding."""
        channel = word % self.pixel_words * self.lane_count + lane
        return channel if channel < self.core.tile.channels else None

    def initialise(self) -> None:
        initial = [
            [0 if (c := self._channel(w, lane)) is None else int(self.core.initial[c]) for lane in self.lanes]
            for w in range(self.words)
        ]
        self.membrane = initial
        self.state = [[0] * self.lane_count for _ in initial] if self.cuba else initial

    def begin_sweep(self, step: int) -> None:
        self.accumulated.append([value for word in self.state for value in word])
        self.bitmaps[step % len(self.bitmaps)] = []

    def sweep(self, step: int, left: int) -> None:
        """A cycle of SWEEP, of which so many are `left` with it: from the ninth on a word is written."""
        if left <= self.words:
            word = self.words - left
            self.bitmaps[step % len(self.bitmaps)].append(
                [self._sweep_neuron(word, lane) for lane in self.lanes]
            )

    def _sweep_neuron(self, word: int, lane: int) -> bool:
        core, channel = self.core, self._channel(word, lane)
        low, high = -(1 << (core.state_bits - 1)), (1 << (core.state_bits - 1)) - 1
        low = low if core.lower_clamp is None else max(low, core.lower_clamp)
        threshold = (1 << (self.bits - 1)) - 1 if channel is None else int(core.threshold[channel])
        amount = threshold
        if core.reset_amount is not None:
            amount = 0 if channel is None else int(core.reset_amount[channel])
        u = self.state[word][lane] + (0 if channel is None else int(core.bias[channel]))
        if self.cuba:
            assert core.current_leak is not None
            u += self.membrane[word][lane]
            current = self.state[word][lane]
            self.state[word][lane] = _decayed(current, core.current_leak, core.current_numerators, channel)
        fires = core.reset != "none" and u >= threshold
        if fires:
            u = u - amount if core.reset == "soft" else core.reset_value
        u = min(max(u, low), high)
        self.membrane[word][lane] = _decayed(u, core.leak, core.leak_numerators, channel)
        return fires


def _decayed(x: int, leak: Decay, numerators: IntArray | None, channel: int | None) -> int:
    """By the numerator of the channel, where channels have their own; padding has none then."""
    numerator = leak.numerator
    if numerators is not None:
        numerator = 0 if channel is None else int(numerators[channel])
    return x - ((x * numerator) >> leak.fraction_bits)
