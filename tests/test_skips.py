"""A tool that is missing is told to a person, and fails CI."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = 'import pytest\npytestmark = pytest.mark.skipif(True, reason="no such tool")\n\ndef test(): pass\n'


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_a_skip_fails_in_ci_alone(ci: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_tool.py").write_text(SKIPPED)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"CI": ci}, capture_output=True, text=True, check=False
    )
    assert result.returncode == status
    assert "no such tool" in result.stdout or not ci
