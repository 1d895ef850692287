"""Take the screenshot of the page that README.md shows: `docs/report.png`. Look at it before you commit it.

pip install -e '.[cli]' pillow && apt-get install chromium && python docs/take_screenshot.py
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
SAMPLE = "examples/logs/betamw-sample.jsonl.gz"
WIDTH, HEIGHT = 1200, 2445  # down to where the tables begin
COLOURS = 128  # few enough for a small file, enough to keep those of the page apart


def main() -> None:
    """Write the page, and what Chromium makes of it."""
    chromium = shutil.which("chromium") or sys.exit("chromium is not installed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "report.html", Path(folder) / "report.png"
        report = [sys.executable, "-m", "betamw.cli", "report", SAMPLE, "--html", str(page)]
        subprocess.run(report, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
        look = [chromium, *options, f"--screenshot={shot}", page.as_uri()]
        subprocess.run(look, check=True, capture_output=True)  # noqa: S603  of what we have just written
        image = Image.open(io.BytesIO(shot.read_bytes())).convert("RGB")
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        ROOT / "docs" / "report.png", optimize=True
    )


if __name__ == "__main__":
    main()
