"""A page in a real headless Chromium: what it holds when its scripts have run, and what it complained of."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = "chromium"  # Debian's package
PROBE = """<script>
addEventListener("load", function () {
  var root = document.documentElement, shown = function (name) {
    return [].filter.call(document.querySelectorAll("." + name), function (one) {
      return getComputedStyle(one).display !== "none"; }).length; };
  var seen = { width: innerWidth, needs: root.scrollWidth, zh: shown("zh"), en: shown("en"), lang: root.lang,
    dark: matchMedia("(prefers-color-scheme: dark)").matches, ground: getComputedStyle(document.body).color,
    wide: [].filter.call(document.querySelectorAll("body *"), function (one) {
      return !one.closest(".wide") && one.getBoundingClientRect().right > innerWidth + 1; })
      .map(function (one) { return one.tagName + "." + one.className; }).slice(0, 5).join(" ") };
  var facts = Object.keys(seen).map(function (name) { return name + "=" + seen[name]; });
  parent.postMessage(facts.join("|"), "*");
});
</script>"""
# A window cannot be as narrow as a telephone, a frame can.
FRAME = """<!doctype html><title></title><body style="margin:0">
<script>addEventListener("message", function (event) {{ document.title = event.data; }});</script>
<iframe src="{address}" style="border:0;width:{width}px;height:900px"></iframe>"""


@dataclass(frozen=True)
class Seen:
    """What the browser saw of a page: ``facts`` as PROBE names them, and lines of its console."""

    facts: dict[str, str]
    console: list[str]


def need_chromium() -> None:
    """Skip a test, with a message, where there is no Chromium; fail it where YIHU_NEED_CHROMIUM is set."""
    if shutil.which(PROGRAM) is None:
        told = "no chromium here: install Debian's package `chromium` to test pages in a real browser"
        (pytest.fail if os.environ.get("YIHU_NEED_CHROMIUM") else pytest.skip)(told)


def browse(page: Path, folder: Path, width: int, fragment: str = "", is_dark: bool = False) -> Seen:
    """Open a copy of a page with PROBE in it, at a width, in light or dark; no host can be reached."""
    copy, frame = folder / page.name.replace(".html", "_probed.html"), folder / "frame.html"
    copy.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    address = copy.as_uri() + (f"#{fragment}" if fragment else "")
    frame.write_text(FRAME.format(address=address, width=width), encoding="utf-8")
    done = subprocess.run(
        [
            *(PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--log-level=0"),
            f"--user-data-dir={folder / 'profile'}",
            "--hide-scrollbars",
            "--window-size=1600,900",
            f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
            "--virtual-time-budget=2000",
            "--dump-dom",
            frame.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    title = re.search(r"<title>([^<]*)</title>", done.stdout)
    assert title, f"the page did not open: {done.stderr[-2000:]}"
    facts = dict(part.split("=", 1) for part in title[1].split("|") if "=" in part)
    assert facts, f"its script did not run: {title[1]!r}\n{done.stderr[-2000:]}"
    return Seen(facts, [line for line in done.stderr.splitlines() if "CONSOLE" in line])
