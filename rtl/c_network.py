"""A network as a C header: what its samples are as flits, and which neuron a packet is about."""

from collections.abc import Iterable

import numpy as np

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.contract import END
from snnc.compiler.isa.flits import COORDINATE_MASK, DATA_SHIFT, PAYLOAD_SHIFT, SENDER_MASK, address_bits
from snnc.compiler.protocol.streams import event_table, named_neurons, step_closings

KEY_SHIFT = COORDINATE_MASK.bit_length()
"""Of the sender's address above what a packet names, in the keys of the table of outputs."""
_PER_LINE = 6


def network_header(program: TiledProgram, name: str) -> str:
    """The text of `snnc_NAME.h`: tables, and a function that runs a sample by registers."""
    events, closings = event_table(program), step_closings(program)
    features = program.input.features
    first = np.searchsorted(events.features, np.arange(features + 1))
    senders, outputs = _outputs(program)
    return _TEXT.format(
        name=name,
        upper=name.upper(),
        features=features,
        steps=program.steps,
        max_payload=program.input.max_payload,
        outputs=program.outputs,
        encoding=program.input.encoding,
        readout=program.readout.kind,
        first_step=program.readout.first_step,
        membrane=int(program.readout.kind == "membrane"),
        spike_count=int(program.readout.kind == "spike_count"),
        held=int(program.input.encoding == "held"),
        state_bits=program.target.state_bits,
        key_shift=KEY_SHIFT,
        coordinate_mask=f"{COORDINATE_MASK:#x}",
        payload_at=DATA_SHIFT + PAYLOAD_SHIFT,
        sender_mask=f"{SENDER_MASK:#x}",
        events=_numbers(f"0x{int(flit):012x}" for flit in events.flits),
        first=_numbers(map(str, first.tolist())),
        closing_count=closings.shape[1],
        closings=_numbers(f"0x{int(flit):012x}" for flit in closings.ravel()),
        sender_count=len(senders),
        senders=_numbers(f"{sender:#x}" for sender in senders),
        named_count=len(outputs),
        keys=_numbers(f"{key:#012x}" for key, _, _ in outputs),
        named=_numbers(f"{{{sender}, {neuron}}}" for _, sender, neuron in outputs),
    )


def _outputs(program: TiledProgram) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Senders, as the bits of an END that name one, and for every name that a packet can have its key, the
    number of its sender and the neuron, or -1 for padding; by key."""
    senders, rows = [], []
    for number, core in enumerate(program.readout_cores):
        sender = address_bits(core.at)
        senders.append(sender << END["context"].width | core.at.context)
        named = named_neurons(core, program).items()
        rows += [(sender << KEY_SHIFT | label, number, neuron) for label, neuron in named]
    return senders, sorted(rows)


def _numbers(texts: Iterable[str]) -> str:
    """An initialiser's content, some numbers to a line."""
    items = list(texts)
    lines = (", ".join(items[at : at + _PER_LINE]) for at in range(0, len(items), _PER_LINE))
    return ",\n  ".join(lines)


_TEXT = """\
/* SPDX-License-Identifier: Apache-2.0
   The network in the block `{name}`: its samples as flits, and which neuron a packet is about. */
#ifndef SNNC_{upper}_H
#define SNNC_{upper}_H

#include "snnc.h"

#define SNNC_{upper}_FEATURES {features}
#define SNNC_{upper}_STEPS {steps}
#define SNNC_{upper}_MAX_PAYLOAD {max_payload}
#define SNNC_{upper}_OUTPUTS {outputs}

/* The flits of feature f, without payload: from snnc_{name}_first[f] on, before snnc_{name}_first[f + 1]. */
static const uint64_t snnc_{name}_events[] = {{
  {events}
}};
static const uint32_t snnc_{name}_first[] = {{
  {first}
}};
/* What ends a step, and behind it what ends the last step of a sample. */
static const uint64_t snnc_{name}_closings[2 * {closing_count}] = {{
  {closings}
}};
/* Tiles that send to the host: address and context. */
static const uint32_t snnc_{name}_senders[{sender_count}] = {{
  {senders}
}};
/* What packets can name, the sender's address above, in order; then the sender's place, and the neuron. */
static const uint64_t snnc_{name}_keys[{named_count}] = {{
  {keys}
}};
static const struct {{ int16_t sender; int32_t neuron; }} snnc_{name}_named[{named_count}] = {{
  {named}
}};

/* Add what a packet says to the outputs ({readout}); `ends` counts each sender's ENDs. Returns 0, or -1 for a
   packet that this network cannot send. */
static inline int snnc_{name}_decode(uint64_t packet, uint32_t *ends, int32_t *outputs) {{
  uint32_t kind = (uint32_t)SNNC_GET(packet, SNNC_FLIT_TYPE);
  uint32_t data = (uint32_t)SNNC_GET(packet, SNNC_FLIT_DATA);
  uint32_t sender = (uint32_t)packet & {sender_mask};
  uint32_t low = 0, high = {named_count};
  uint64_t key;
  if (kind == SNNC_END) {{
    sender = sender << SNNC_END_CONTEXT_BITS | (uint32_t)SNNC_GET(data, SNNC_END_CONTEXT);
    for (low = 0; low < {sender_count}; low++) {{
      if (snnc_{name}_senders[low] == sender) {{
        ends[low]++;
        return 0;
      }}
    }}
    return -1;
  }}
  if (kind != SNNC_SPIKE && kind != SNNC_VALUE) return -1;
  key = kind == SNNC_VALUE ? data >> {state_bits} : data & {coordinate_mask};
  key |= (uint64_t)sender << {key_shift};
  while (low < high) {{
    uint32_t middle = (low + high) / 2;
    if (snnc_{name}_keys[middle] < key) low = middle + 1; else high = middle;
  }}
  if (low == {named_count} || snnc_{name}_keys[low] != key) return -1;
  if (snnc_{name}_named[low].neuron < 0) return 0;
  if (kind == SNNC_VALUE) {{
    outputs[snnc_{name}_named[low].neuron] = (int32_t)(data << (32 - {state_bits})) >> (32 - {state_bits});
  }} else {{
    uint32_t step = ends[snnc_{name}_named[low].sender];
    int32_t *output = &outputs[snnc_{name}_named[low].neuron];
    if ((int32_t)step >= {first_step}) {{
      if ({spike_count}) (*output)++;
      else if (*output == 0) *output = (int32_t)({steps} - step);
    }}
  }}
  return 0;
}}

/* Run one sample by registers; the encoding of the network is `{encoding}`. Payloads of step t begin at
   `payloads` + t * `stride`, one for every feature, 0 for no event: with a stride of 0 those of all steps are
   the same. Returns 0, or -1 where a packet was none of this network's, or the mesh found an error. */
static inline int snnc_{name}_run(
    uintptr_t base, const uint8_t *payloads, uint32_t stride, int32_t outputs[SNNC_{upper}_OUTPUTS]) {{
  uint32_t ends[{sender_count}] = {{0}};
  uint64_t packet;
  uint32_t step, feature, place;
  int wrong = 0;
  for (place = 0; place < SNNC_{upper}_OUTPUTS; place++) outputs[place] = 0;
  snnc_restart(base, (uint32_t)(SNNC_PUT(SNNC_CONTROL_MANUAL, 1) | SNNC_PUT(SNNC_CONTROL_GATHER, 1)));
#define SNNC_SEND(flit, last) \\
  while (!snnc_send(base, (flit), (last))) \\
    while (snnc_take(base, &packet)) wrong |= snnc_{name}_decode(packet, ends, outputs)
  for (step = 0; step < {steps}; step++) {{
    int final = step == {steps} - 1;
    for (feature = 0; feature < {features} && !({held} && step); feature++) {{
      uint64_t payload = payloads[step * stride + feature];
      if (payload == 0) continue;
      for (place = snnc_{name}_first[feature]; place < snnc_{name}_first[feature + 1]; place++) {{
        SNNC_SEND(snnc_{name}_events[place] | payload << {payload_at}, 0);
      }}
    }}
    for (place = 0; place < {closing_count}; place++) {{
      SNNC_SEND(snnc_{name}_closings[final * {closing_count} + place], final && place == {closing_count} - 1);
    }}
  }}
#undef SNNC_SEND
  while (!snnc_at_rest(base) || snnc_read(base, SNNC_COUNT)) {{
    while (snnc_take(base, &packet)) wrong |= snnc_{name}_decode(packet, ends, outputs);
  }}
  if (SNNC_GET(snnc_read(base, SNNC_STATE), SNNC_STATE_ERROR)) wrong = -1;
  return wrong;
}}

#endif
"""
