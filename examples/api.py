"""Train, compile and simulate digits from Python; prints accuracy, cycles and energy per sample."""

import snnc


def main(epochs: int = 10, samples: int = 60) -> None:
    """Train for `epochs` and simulate the first `samples` test samples."""
    trained = snnc.train("digits-mlp", seed=1, epochs=epochs)
    program = snnc.compile(trained, target="fpga")
    digits = snnc.dataset("digits", samples=samples)
    report = snnc.simulate(program, digits.x, digits.y)
    print(f"accuracy {report.accuracy:.3f} (exact), {report.cycle_spread.mean:.0f} cycles (exact),")
    print(f"{report.energy.mean * 1e9:.1f} nJ (estimated, table {report.energy.table})")


if __name__ == "__main__":
    main()
